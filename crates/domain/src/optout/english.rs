//! English: what people write to a business they want no more texts from.

use super::pattern::Spec;

const CLASSES: &[(&str, &str)] = &[
    (
        "stop",
        "stop stops sotp stpo tsop quit cease desist discontinue halt stoping stopping",
    ),
    // What is ceased or unwanted, as a verb or as a thing.
    (
        "contact",
        "text texts texting texted txt txts txting texing textin texring texitng message messages messaging mesaging messging msg msgs \
         msging sms mms contact contacting contacts bother bothering harass harassing spam spamming spams notifying notification \
         notifications notices alert alerts reminding reminder reminders update updates ping pinging annoying pestering disturbing soliciting \
         solicitations communication communications communicating correspondence email emails emailing promo promotions promos ads marketing",
    ),
    (
        "write",
        "text txt tex message mesage messege msg sms contact bother harass spam ping disturb pester email write",
    ),
    // Things only, in the plural or with "text" before them: "a reminder" is about one appointment.
    (
        "notes",
        "texts txts messages mesages messeges msgs sms mms reminders notifications alerts updates communications communication \
         correspondence emails promos promotions ads spam texting messaging txting contacting texted messaged contacted marketing",
    ),
    (
        "remove",
        "remove remov remvoe rmv delete erase purge scrub unlist unenroll deregister unregister wipe removed deleted erased",
    ),
    (
        "take",
        "take taken get pull pulled keep cross scratch strike kick cut want wanna",
    ),
    (
        "list",
        "list lists database system systems record records file files distribution blast thread chat contacts",
    ),
    ("me", "me us him her it myself"),
    ("number", "number num phone cell mobile cellphone line"),
    ("dont", "dont never"),
    ("someone", "i we she he they it people phone"),
];

/// The hour is meant, not the texting.
const HOUR: &[&str] = &[
    "before|until|till|til|after|during|while|when|whenever|early|late|today|tonight|tomorrow|morning|mornings|night|nights|evening|\
     evenings|weekend|weekends|between|later|yet|now|if|week|sunday*|monday*|tuesday*|wednesday*|thursday*|friday*|saturday*",
    "at work|noon|midnight|home|school|lunch|dinner|0",
];

/// Taken off the appointment, off work or off a medicine, not off the texts.
const OFF_THE_VISIT: &str = "from|off|of|out ~3 schedule|calendar|appointment|appointments|appt|appts|visit|waitlist|waiting|wait|standby|slot|\
    book|books|booking|class|cancellation|medication|medications|meds|medicine|antibiotics|pill|pills|drug|work|duty|hold|tomorrow|\
    today|monday|tuesday|wednesday|thursday|friday|saturday|sunday|0";

/// The texts are wanted, or what was done is asked about.
const WANTED: &[&str] = &[
    "<you|why|if|they|guys|yall|these|texts|messages dont|never|cant|wont ?ever ?want|wanna|need|wish ?you ?them ?to ?ever @stop",
    "dont|never|didnt want|need|mean ~3 to @stop",
    "did|didnt|have|has ?you|they|it|we|i @stop",
    "he|she stop|stops|quit|quits",
];

pub(super) static RULES: &[Spec] = &[
    // A stop word with next to nothing around it.
    Spec {
        classes: CLASSES,
        catch: &[
            "^ @stop|end|revoke|optout ?it|this|that|these|them ?nonsense|crap|shit|bullshit $",
            "^ text|reply|txt stop $",
            "^ stop means ~2 stop",
            "please|pls|plz|just|said|say|repeat|typed|replied|texted @stop ?it|this|that $",
            "^ stop i|im|ive|id|you|your|youre|youve|this|we|who|its|not|dont|wrong|never|no|me|u",
            "asked|told|telling|asking ~4 to stop $",
            "@stop these|those|them $",
            "you|this|it|these|them|texts|messages|reminders to ?please stop|cease ?it|this $",
            "this|it|these|those|texts|messages|reminders|notifications ~2 need|needs|has|have|must|should|gotta ?to stop|cease|end $",
            "make|makes it|this|these|them|texts|messages ~1 stop $",
            "how do|can|to|would ~2 stop|end this|these|it|them|those $",
        ],
        but_not: &["did|didnt|does|do ?you|they|it stop $", "it have|has|need|needs to end"],
        nor_anywhere: &[],
    },
    // To cease × contact.
    Spec {
        classes: CLASSES,
        catch: &[
            "@stop !to ~4 @contact",
            "@stop trying|attempting to ~1 @write|reach|call",
            "@stop send|sending|sendin ~2 me|us|this|these|those|it|them|anything|stuff|here",
            "@stop getting|receiving ~3 these|this|them|anything|from",
            "@stop blowing ~2 up",
            "texts|messages|reminders|notifications stopped",
            "text|message|contact|bother me|us no more",
            "not|dont keep ~1 texting|messaging|sending|contacting|bothering",
        ],
        but_not: WANTED,
        nor_anywhere: &[],
    },
    // Not × contact; "again" makes plain that no hour is meant.
    Spec {
        classes: CLASSES,
        catch: &[
            "<@someone @dont ?you ?ever ?please ?fucking ?even ?call|calling ?or ?me ?or @write ?or|and ?call ~2 again|anymore|ever|longer",
            "@dont remind ~2 again|anymore|ever",
            "@dont ~3 @write @me ~4 again|anymore|ever",
            "no need to ~1 @write|remind ~2 again|anymore",
        ],
        but_not: &["why dont|cant", "if ~2 dont ~2 anymore"],
        nor_anywhere: &[],
    },
    Spec {
        classes: CLASSES,
        catch: &[
            "<@someone|why @dont ?you ?ever ?please ?fucking ?even ?call ?or @write @me|them|anymore|again|here",
            "<@someone|why @dont ?ever ?please ?call ?or @write $",
            "<@someone|why @dont ?you ?ever ?please ?call ?or @write ?to|on|at ?my|this|our|that ~1 @number",
            "<@someone|why|you @dont ?ever ?please send|sending ~4 @notes|anything|anymore|more|again|these|those|stuff|text|message",
            "<@someone|why|you @dont send ~1 to ~1 this|my ~1 @number",
            "<@someone|why|you @dont use this|my ~1 @number",
            "<@someone|to not|stop ?to @write @me|again|anymore",
            "asked|told|said|tell ~3 not to @write|call",
            "rather|prefer|wish ~2 didnt|wouldnt|not @write",
            "@dont @write|call|contact ?or ?text ?this list|registry",
        ],
        but_not: HOUR,
        nor_anywhere: &[],
    },
    // Calls, as long as texts are not asked for instead.
    Spec {
        classes: CLASSES,
        catch: &[
            "@stop calling|callin|phoning|ringing",
            "<@someone|why @dont ?you ?ever ?please call|phone|ring ~3 again|anymore|ever",
            "<@someone|why @dont ?you ?ever ?please call|phone|ring me|us|here $",
            "<@someone|why @dont ?you ?ever ?please call|phone|ring this|my ~1 @number",
        ],
        but_not: HOUR,
        nor_anywhere: &["text|texts|texting|txt|message|messages|sms", "dont stop"],
    },
    // Unwanted × contact.
    Spec {
        classes: CLASSES,
        catch: &[
            "dont|didnt|never|doesnt|wouldnt|not|cant ?really ?even ?ever want|wanna|wish|need|consent|consented|agree|agreed|accept|authorize|\
             authorized|ask|asked|request|requested|sign|signed|subscribe|subscribed|appreciate|opt|opted|interested ?up ?in ?for ~5 @notes|hear",
            "no longer|not ~1 want|wish|need|interested|consent ~5 @notes|hear|text|sms",
            "dont|never|not|longer want|wish|need|like|interested ~4 receive|receiving|get|getting ~2 text|sms|message|anything|these|this|them",
            "dont want|wanna|need ~2 you|anyone|yall|anybody to ~1 @write @me|anymore|again",
            "dont want|wanna|need ~2 you|anyone|yall|anybody to ~1 @write ?on|to ?at my|this ~1 @number",
            "didnt|never ask|asked|request|requested|sign|signed|consent|agree|subscribe|subscribed|authorize|opt ?up ?in ?to ?for this|these|it $",
            "dont like ~1 these|your texts|messages",
            "dont want|need ~1 these|those $",
        ],
        but_not: &[
            "texting|messaging|bothering you",
            "miss|missing|lose|stop|stopped|change",
            "before|until|till|after|during|while|early|late|night|morning",
        ],
        nor_anywhere: &[],
    },
    // No more × contact.
    Spec {
        classes: CLASSES,
        catch: &[
            "<get|got|getting|received|seen no more ~2 @notes|text|message|contact|calls|txt",
            "^ no more ?of ?this|these|those|it $",
            "^ no ?text|sms|more|further|additional @notes|text|contact $",
            "^ @notes no more",
            "enough ?already ?with|of ~3 @notes",
            "tired|sick|done of|with ~4 @notes",
            "never ~1 again $",
        ],
        but_not: &["before|until|till|after|during|while|early|late"],
        nor_anywhere: &[],
    },
    // To remove × person, number or list.
    Spec {
        classes: CLASSES,
        catch: &[
            "@remove me|us|him|her|myself",
            "^ @remove $",
            "@remove from ~2 @list",
            "my|this|our ~1 @number ~1 removed|deleted|erased|unlisted",
            "be|get|been|being removed|deleted|erased|unlisted $",
            "be|get|me removed|deleted|taken|erased ~1 from|off|out",
            "<did|didnt @remove ~2 my|this|the|our|that|your ?cell|phone|mobile|contact|personal @number|name|info|information|details|data|contact|digits",
            "lose|loose|forget|drop|block|trash|toss|discard ?my|this|the|our|that ?cell|phone|mobile|contact number|num|contact|info|digits",
            "block|blocking|blocked me|you|your|this|u",
            "@take ~1 @me ~1 off $",
            "@take ~1 @me ~1 off|out ~4 @list|mailing|text|texts|texting|messages|messaging|this|thing",
            "@take my|this|our|that ~4 @number|name|info|contact|number ~1 off|out",
            "@take off|out ?of ~3 @list",
            "off ~2 your|this|the|all ~3 list|lists",
            "get|stay off my @number|line",
        ],
        but_not: &[
            "dont|didnt|did|cant|never|not ?you ?to @remove|lose|loose|forget|drop|block",
            "old number|phone|cell",
            "to|can|do|should i @remove",
            OFF_THE_VISIT,
        ],
        nor_anywhere: &[],
    },
    // To unsubscribe or opt out.
    Spec {
        classes: CLASSES,
        catch: &[
            "unsub|unsubs|unsub*|unsuscribe*|unsubcribe*|unscribe*|unsubribe*|usubscribe*|unsbscribe*|desubscribe*|optout",
            "opt|opting|opted|optin ?me|us|my|this ?number out !of|on",
            "opt|opting|opted ?me|us|my|this ?number out of ~4 @notes|this|these|all|everything|list|any|further|future|text|sms",
        ],
        but_not: &[
            "dont|didnt|never|not ?want|wanna|wish|need|mean|meant ?you ?to ?please ?be unsub*|unsuscribe*|opt|optout",
            "reply|replying|text|txt|send|type stop to|2",
        ],
        nor_anywhere: &[],
    },
    // To end or switch off × subscription, texts, consent.
    Spec {
        classes: CLASSES,
        catch: &[
            "cancel|cancell|end|ending|terminate|suspend|revoke|revoking|withdraw|withdrawing|rescind|pause ~3 @notes|subscription|subscriptions",
            "cancel|end|terminate|revoke|revoking|withdraw|withdrawing|rescind ~3 consent|permission|authorization !form|forms|slip",
            "consent|permission is|has ?been ?hereby revoked|withdrawn",
            "turn|turning|shut|switch off ~3 @notes",
            "turn|shut|switch ~4 @notes off",
            "disable|deactivate|mute ~3 @notes",
        ],
        but_not: &[
            "dont|didnt|not|never ~1 cancel|end|terminate|suspend|turn|disable",
            "reply|text|txt|send|type stop to",
        ],
        nor_anywhere: &[],
    },
    // Sent away, accused, or the wrong person.
    Spec {
        classes: CLASSES,
        catch: &[
            "leave me|us ~3 alone",
            "leave my|this ~1 @number ~1 alone",
            "^ go away $",
            "^ get lost $",
            "fuck|f|piss|buzz|bug|eff|screw off",
            "^ fuck|screw you $",
            "shut up $",
            "cease and desist",
            "harassment",
            "harassing|harrassing me|us",
            "is|as|of spam",
            "report|reporting|reported ~3 spam|fcc|ftc|police",
            "fcc|tcpa",
            "sue you",
            "^ ?if ?you @write me|us|this ?number again and|or",
            "why ~4 keep|keeps|still ~1 texting|text|messaging|sending|contacting|bothering|spamming",
            "why ~4 keep|keeps|still ~1 getting|receiving ~2 @notes|these|this|those|them",
            "why i keep|still ~1 getting|receiving ~2 @notes|these",
            "why do|am i ~1 keep|still ~1 getting|receiving ~2 @notes|these|this",
        ],
        but_not: &[],
        nor_anywhere: &[],
    },
    Spec {
        classes: CLASSES,
        catch: &[
            "wrong number|person|phone|guy|lady|num",
            "isnt|not ~1 right|correct number|person !for|to",
            "this isnt ~3 @number",
            "by|with|of that name",
        ],
        but_not: &[
            "i|we|he|she ~2 gave|put|typed|entered|wrote|called|dialed|dialled|left|provided|listed|have|texted|had ~2 wrong",
        ],
        nor_anywhere: &[],
    },
];
