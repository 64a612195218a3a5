//! The plain phrases of other languages, without accents. Where a word for "no more" may stand in a sentence about the appointment, the
//! verb's exact form decides: `no me manden` asks, `no me mandaron` tells.

use super::pattern::Spec;

const SPANISH: Spec = Spec {
    classes: &[
        ("cease", "deje dejen deja dejar dejad pare paren parar basta"),
        (
            "send",
            "mande manden mandes mandar mandarme envie envien envies enviar escriba escriban escribas escribir contacte contacten \
             contactes contactar llame llamen moleste molesten molestar textee texteen",
        ),
        ("notes", "mensajes textos sms recordatorios notificaciones mensajitos"),
        (
            "delete",
            "borre borren borra borrar elimine eliminen elimina eliminar quite quiten quitar remueva remuevan saque saquen",
        ),
        (
            "delete_me",
            "borreme borrenme borrame borrarme elimineme eliminenme eliminarme quiteme quitenme quitarme saqueme saquenme sacarme remuevame",
        ),
    ],
    catch: &[
        "@cease ?ya de ~2 enviar*|mandar*|escribir*|molestar*|contactar*|llamar*|textear*|mensaje*|textos",
        "no|nunca me|nos ~2 @send",
        "no vuelva|vuelvan ~1 a ~1 @send|escribirme|enviarme|contactarme",
        "no quiero|deseo|necesito ~4 @notes",
        "no quiero que ~2 @send",
        "no mas ~1 @notes",
        "basta ?ya ?de ~1 @notes",
        "^ basta|baja|alto|parar|paren|pare|detener|detengase $",
        "@delete_me de ~3 lista|base|sistema|grupo|registro",
        "borreme|borrenme|elimineme|eliminenme $",
        "@delete mi|este ~1 numero|telefono|celular|contacto",
        "dar|darme|deme|denme|dame|darnos de baja",
        "dejeme|dejenme|dejame|dejenos en paz",
        "numero|persona equivocado|equivocada",
        "cancelar|cancele|cancelen|cancela ~2 @notes|suscripcion",
    ],
    but_not: &["antes|despues|hasta|mientras|noche|temprano|tarde|cuando|perder|cita"],
    nor_anywhere: &[],
};

const FRENCH: Spec = Spec {
    classes: &[
        ("notes", "messages sms textos texto rappels notifications"),
        (
            "send",
            "envoyer ecrire contacter texter appeler deranger harceler envoyez ecrivez contactez textez derangez envoie ecris contacte",
        ),
        (
            "delete",
            "retirez enlevez supprimez effacez otez retire enleve supprime efface retirer enlever supprimer effacer rayez",
        ),
    ],
    catch: &[
        "arretez|arrete|arreter|cessez|cesse ~3 @send|@notes",
        "ne|n ~2 @send ~1 plus|jamais|pas",
        "ne plus ~2 @send|recevoir|etre",
        "veux|souhaite|desire|voudrais plus|pas ~4 @notes",
        "^ plus ?de|aucun @notes $",
        "@delete moi ~1 de ~3 liste|base|fichier|fichiers|repertoire",
        "@delete ?moi $",
        "me retirer|enlever|supprimer|effacer|rayer ~3 liste|base|fichier|fichiers",
        "@delete mon|ce ~1 numero|nom|telephone|contact",
        "desabonn*|desinscri*",
        "mauvais|faux numero",
        "erreur de numero",
        "laissez|laisse|foutez|fichez moi ~1 tranquille|paix",
        "^ arret|arretez|assez|desabonnement $",
    ],
    but_not: &["avant|apres|pendant|quand|jusqu|jusque|rater|manquer|rendez|rdv|encore"],
    nor_anywhere: &[],
};

const GERMAN: Spec = Spec {
    classes: &[
        (
            "notes",
            "sms nachrichten textnachrichten erinnerungen mitteilungen benachrichtigungen whatsapps",
        ),
        (
            "write",
            "schreiben schicken senden texten kontaktieren anschreiben simsen anrufen schreibt schreib schick sende",
        ),
        (
            "delete",
            "loschen loscht losche losch loeschen loesche loesch entfernen entferne streichen streiche streich nehmen nehmt nimm tragen",
        ),
    ],
    catch: &[
        "keine ~2 @notes mehr",
        "^ keine ~2 @notes $",
        "mochte|moechte|will|wunsche|wuensche|mag|wollen ~1 keine|nicht ~3 @notes|kontaktiert|angeschrieben",
        "<kann|darf nicht|nichts|nie mehr|wieder ~1 @write",
        "@write ~3 nicht|nichts|nie mehr|wieder",
        "horen|hor|hort|hoeren|hoer|aufhoren|aufhoeren ~2 auf ~3 @write|@notes",
        "horen|hor|hort|hoeren|hoer ~1 auf $",
        "^ aufhoren|aufhoeren|abmelden|austragen|abmeldung|schluss $",
        "@delete ~2 meine|diese|die ~1 nummer|handynummer|telefonnummer|daten",
        "@delete ~1 mich ~3 liste|verteiler|system|kartei|aus",
        "abmelden ~3 sms|liste|verteiler|newsletter",
        "abbestell*",
        "lassen|lass|lasst ~1 mich ~1 in ruhe|frieden",
        "falsche|falschen nummer|person",
        "belastig*|belaestig*",
    ],
    but_not: &["vor|bis|nach|wahrend|waehrend|nachts|fruh|bekommen habe|habe|hab|kamen|termin|verpassen"],
    nor_anywhere: &[],
};

const SWEDISH: Spec = Spec {
    classes: &[
        (
            "notes",
            "sms smsen meddelanden paminnelser utskick utskicken aviseringar textmeddelanden mess",
        ),
        (
            "write",
            "smsa messa skriva skicka skriv kontakta ringa ring hora spamma stora",
        ),
    ],
    catch: &[
        "sluta ~2 @write|@notes",
        "^ sluta|avsluta $",
        "inga|inget ~1 fler|mer|flera @notes",
        "^ inga @notes $",
        "skicka inte|inga|inget ~2 @notes|fler|mer|mera",
        "vill|onskar ~1 inte|ej|inga ~4 @notes|kontaktas|kontaktad",
        "@write ~1 mig|oss ~1 inte|aldrig|ej",
        "ta bort mig|oss",
        "ta|radera|stryk ?bort mitt|detta|mina|det ~1 nummer|telefonnummer|mobilnummer|uppgifter",
        "avregistrera*|avprenumerera*|avanmal*",
        "fel nummer|person",
        "lamna|lat mig|oss ~1 ifred|fred|vara",
        "stoppa|stoppar|avsluta|avbestall|avbestalla ~2 @notes|prenumeration*",
    ],
    but_not: &["fore|innan|efter|under|medan|nar|mellan|missa|schemat|vantelistan|kolistan|bokningen"],
    nor_anywhere: &[],
};

const PORTUGUESE: Spec = Spec {
    classes: &[
        ("notes", "mensagens mensagem sms lembretes notificacoes torpedos"),
        (
            "send",
            "mande mandem manda mandes envie enviem escreva escrevam contate contatem contacte contactem ligue liguem incomode perturbe",
        ),
        (
            "delete",
            "tire tira tirem remova remove removam retire retirem exclua exclui excluam apague apaga apaguem delete",
        ),
    ],
    catch: &[
        "pare|parem|parar|para|chega|deixe|deixem ~1 de ~2 mandar|enviar|escrever|incomodar|perturbar|ligar|contatar|contactar|@notes",
        "nao me|nos ~2 @send",
        "nao @send mais",
        "nao quero|desejo ~4 @notes",
        "^ sem ?mais @notes $",
        "@delete ~1 meu|este|esse ~1 numero|telefone|celular|contato|nome",
        "me @delete ~3 lista|contatos|cadastro|sistema|grupo",
        "^ ?me @delete $",
        "descadastr*|desinscrev*",
        "cancelar|cancele|cancelem|cancela ~2 inscricao|mensagens|sms|assinatura",
        "deixe|deixa|deixem ~1 em paz",
        "numero|pessoa errado|errada",
        "^ sair|pare|parem|chega|parar $",
    ],
    but_not: &["antes|depois|ate|enquanto|noite|cedo|quando|perder|consulta"],
    nor_anywhere: &[],
};

const ITALIAN: Spec = Spec {
    classes: &[
        ("notes", "messaggi sms messaggini promemoria notifiche"),
        (
            "send",
            "mandatemi mandarmi mandate mandi inviatemi inviate inviarmi scrivetemi scrivermi scrivete contattatemi contattarmi contattate \
             chiamatemi disturbatemi disturbarmi mandateci scriveteci",
        ),
        (
            "delete_me",
            "cancellatemi cancellami rimuovetemi rimuovimi toglietemi toglimi eliminatemi eliminami levatemi",
        ),
        (
            "delete",
            "cancellate cancella rimuovete rimuovi eliminate elimina togliete togli cancellare rimuovere eliminare",
        ),
    ],
    catch: &[
        "smett* ~1 di ~2 scriv*|mand*|invi*|contatt*|messagg*|chiam*|disturb*",
        "^ smettila|smettetela|basta|fermatevi|stop $",
        "basta ?con ~2 @notes",
        "non @send",
        "non voglio|desidero|vorrei ~4 @notes|contattato|contattata",
        "@delete_me ~3 lista|rubrica|elenco|sistema",
        "@delete_me $",
        "@delete ~1 mio|questo ~1 numero|contatto|nome|cellulare",
        "disiscri*",
        "numero|persona sbagliato|sbagliata",
        "lasciatemi|lasciami|lasciateci in|stare ?pace",
    ],
    but_not: &["prima|dopo|fino|mentre|quando|durante|sera|notte|presto|perdere|appuntamento"],
    nor_anywhere: &[],
};

pub(super) static RULES: &[Spec] = &[SPANISH, FRENCH, GERMAN, SWEDISH, PORTUGUESE, ITALIAN];
