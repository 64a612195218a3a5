//! Invitations by e-mail: stored first, a link that opens once and for a week, to one address.

use chrono::Duration;
use contract::{
    Code,
    accounts::{InvitationView, Invite, JoinAsNew, Role, Visitor},
};
use rstest::rstest;
use secrecy::ExposeSecret;
use services::{
    Actor, Principal, accounts,
    accounts::{invitations, members},
    mails, pages,
};
use testkit::{Backend, Fault, FaultKind, World, member};
use uuid::Uuid;

const PASSWORD: &str = "a long password";
const EVE: &str = "eve@x.test";

async fn owner(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", PASSWORD).await
}

fn to(email: &str, role: Role) -> Invite {
    Invite {
        email: email.to_owned(),
        role,
    }
}

fn new(name: &str) -> JoinAsNew {
    JoinAsNew {
        name: name.to_owned(),
        password: PASSWORD.to_owned(),
    }
}

fn id(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("a member"),
    }
}

/// The secret in the newest mail to this address.
fn link(w: &World, email: &str) -> String {
    let mail = w.sim.mails_to(email).pop().expect("a mail");
    let text = mail.text.expect("a text");
    let at = text.find("/invitations/").unwrap_or_else(|| panic!("no link: {text}")) + "/invitations/".len();
    text[at..].chars().take_while(char::is_ascii_alphanumeric).collect()
}

async fn open(w: &World, actor: &Actor) -> Vec<InvitationView> {
    pages::people::view(&w.s, actor, None).await.expect("the page").invitations
}

async fn why(w: &World, token: &str) -> String {
    invitations::open_link(&w.s, token, None)
        .await
        .expect_err("it opens nothing")
        .problem()
        .detail
}

#[rstest]
#[tokio::test]
async fn somebody_new_joins_by_the_link_in_their_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    invitations::invite(&w.s, &olga, to(" Eve@X.test", Role::Admin))
        .await
        .expect("invited");
    assert_eq!(open(&w, &olga).await[0].mail.as_deref(), Some("Waiting to be handed over."));
    w.post().await;
    assert_eq!(
        open(&w, &olga).await[0].mail.as_deref(),
        Some("Handed over to the mail server.")
    );
    let token = link(&w, EVE);
    let seen = invitations::open_link(&w.s, &token, None).await.expect("opens");
    assert_eq!(
        (seen.business.as_str(), seen.email.as_str(), seen.role, seen.visitor),
        ("Bright Dental", EVE, Role::Admin, Visitor::Stranger)
    );
    let short = JoinAsNew {
        password: "short".to_owned(),
        ..new("Eve")
    };
    let refused = invitations::accept_as_new(&w.s, &token, short)
        .await
        .expect_err("too short")
        .problem();
    assert!(refused.for_field("password").is_some(), "and the invitation still stands");
    let (account, business) = invitations::accept_as_new(&w.s, &token, new("Eve")).await.expect("joined");
    assert_eq!(business, w.owner.business_id);
    let eve = accounts::actor(&w.s, account, business)
        .await
        .expect("an answer")
        .expect("a member");
    assert!(matches!(eve.who, Principal::Member { role: Role::Admin, .. }));
    assert_eq!(why(&w, &token).await, "This invitation was used already. Please sign in.");
    assert_eq!(open(&w, &olga).await.len(), 0);
    let twice = invitations::invite(&w.s, &olga, to("EVE@x.test", Role::Staff))
        .await
        .expect_err("a member")
        .problem();
    assert_eq!(twice.for_field("email"), Some("eve@x.test works in this business already."));
}

#[rstest]
#[tokio::test]
async fn somebody_with_an_account_joins_a_second_business_and_nobody_else_does(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let garage = w.another_business().await.business_id;
    let eve = member(&w.s, garage, Role::Owner, EVE, PASSWORD).await;
    let mallory = member(&w.s, garage, Role::Staff, "mallory@x.test", PASSWORD).await;
    invitations::invite(&w.s, &olga, to(EVE, Role::Staff)).await.expect("invited");
    w.post().await;
    let token = link(&w, EVE);
    let seen = async |account| {
        invitations::open_link(&w.s, &token, Some(account))
            .await
            .expect("opens")
            .visitor
    };
    assert!(matches!(seen(id(&eve)).await, Visitor::Invited { .. }));
    assert!(matches!(seen(id(&mallory)).await, Visitor::Other { email, .. } if email == "mallory@x.test"));
    let refused = invitations::accept(&w.s, &token, id(&mallory))
        .await
        .expect_err("not theirs")
        .problem();
    assert_eq!(refused.code, Code::Conflict);
    assert!(
        refused.detail.contains(EVE) && refused.detail.contains("mallory@x.test"),
        "{}",
        refused.detail
    );
    let taken = invitations::accept_as_new(&w.s, &token, new("Eve"))
        .await
        .expect_err("has an account")
        .problem();
    assert!(taken.for_field("email").is_some());
    // Two tabs at once.
    let other = w.another_process().await;
    let (a, b) = tokio::join!(
        invitations::accept(&w.s, &token, id(&eve)),
        invitations::accept(&other, &token, id(&eve))
    );
    assert_eq!(
        (a.expect("joined"), b.expect("there already")),
        (w.owner.business_id, w.owner.business_id)
    );
    let all = members::list(&w.s, &olga, contract::accounts::MemberQuery::default())
        .await
        .expect("a list")
        .data;
    assert_eq!(all.iter().filter(|one| one.email == EVE).count(), 1);
    assert!(invitations::accept(&w.s, &token, id(&mallory)).await.is_err(), "it was used");
}

#[rstest]
#[tokio::test]
async fn a_link_ends_when_it_is_revoked_sent_again_or_old(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let made = invitations::invite(&w.s, &olga, to(EVE, Role::Staff)).await.expect("invited");
    let first = made.token.expose_secret().to_owned();
    let twice = invitations::invite(&w.s, &olga, to(EVE, Role::Admin))
        .await
        .expect_err("once")
        .problem();
    assert_eq!(
        twice.for_field("email"),
        Some("eve@x.test is invited already. You can send that invitation again.")
    );
    let soon = invitations::send_again(&w.s, &olga, made.id)
        .await
        .map(drop)
        .expect_err("at once")
        .problem();
    assert_eq!(soon.code, Code::TooMany);
    w.clock.advance(Duration::minutes(2));
    let again = invitations::send_again(&w.s, &olga, made.id).await.expect("sent again");
    w.post().await;
    assert_eq!(
        w.sim.mails_to(EVE).len(),
        1,
        "the mail with the old link is not sent any more"
    );
    let second = link(&w, EVE);
    assert_eq!(second, again.token.expose_secret());
    assert!(why(&w, &first).await.contains("newest mail"));
    w.clock.advance(Duration::days(7));
    assert!(why(&w, &second).await.contains("too old"));
    assert!(open(&w, &olga).await[0].expired);
    // After the week it can be made anew, as something else.
    let third = invitations::invite(&w.s, &olga, to(EVE, Role::Admin)).await.expect("anew");
    invitations::revoke(&w.s, &olga, third.id).await.expect("taken back");
    invitations::revoke(&w.s, &olga, third.id).await.expect("twice is harmless");
    assert!(why(&w, third.token.expose_secret()).await.contains("taken back"));
    w.post().await;
    assert_eq!(w.sim.mails_to(EVE).len(), 1, "what was taken back is not sent");
    assert_eq!(open(&w, &olga).await.len(), 0);
}

#[rstest]
#[tokio::test]
async fn while_the_mail_server_is_away_the_invitation_stands(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    w.sim.set_fault(Fault {
        code: Some(451),
        ..Fault::new(FaultKind::MailRefuse)
    });
    let made = invitations::invite(&w.s, &olga, to(EVE, Role::Staff)).await.expect("invited");
    w.post().await;
    let shown = open(&w, &olga).await.remove(0);
    assert!(
        shown.mail.as_ref().is_some_and(|mail| mail.starts_with("Not taken yet.")),
        "{shown:?}"
    );
    invitations::open_link(&w.s, made.token.expose_secret(), None)
        .await
        .expect("it opens all the same");
    // Where there is no mail server at all, the link is shown once.
    let s = w.process_with_mail(None).await;
    assert!(!mails::works(&s));
    let made = invitations::invite(&s, &olga, to("ed@x.test", Role::Staff))
        .await
        .expect("invited");
    let secret = made.token.expose_secret().to_owned();
    let view = pages::people::view(&s, &olga, Some(made)).await.expect("the page");
    assert_eq!(
        view.link.map(|link| link.url),
        Some(format!("http://showup.test/invitations/{secret}"))
    );
    assert!(pages::people::view(&s, &olga, None).await.expect("the page").link.is_none());
}

#[rstest]
#[tokio::test]
async fn who_may_invite_whom_and_how_often(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let adam = member(&w.s, w.owner.business_id, Role::Admin, "adam@x.test", PASSWORD).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", PASSWORD).await;
    let refused = async |actor: &Actor, email: &str, role| {
        let answer = invitations::invite(&w.s, actor, to(email, role)).await.map(drop);
        answer.expect_err("refused").problem()
    };
    assert_eq!(refused(&sam, EVE, Role::Staff).await.code, Code::NotAllowed);
    assert_eq!(refused(&adam, EVE, Role::Owner).await.code, Code::NotAllowed);
    let made = invitations::invite(&w.s, &olga, to(EVE, Role::Owner))
        .await
        .expect("an owner may");
    assert_eq!(
        invitations::revoke(&w.s, &adam, made.id)
            .await
            .expect_err("an owner's")
            .problem()
            .code,
        Code::NotAllowed
    );
    let gus = member(
        &w.s,
        w.another_business().await.business_id,
        Role::Owner,
        "gus@x.test",
        PASSWORD,
    )
    .await;
    assert_eq!(
        invitations::revoke(&w.s, &gus, made.id)
            .await
            .expect_err("another business")
            .problem()
            .code,
        Code::NotFound
    );
    for odd in [
        "",
        "eve",
        "eve@",
        "@x.test",
        "eve@x",
        "eve@exämple.test",
        "eve@х.test",
        "\u{212a}ate@x.test",
        "eve@x.test, ed@x.test",
    ] {
        assert!(refused(&olga, odd, Role::Staff).await.for_field("email").is_some(), "{odd}");
    }
    // What only looks like Eve's is another's: a Cyrillic е.
    invitations::invite(&w.s, &olga, to("\u{435}ve@x.test", Role::Staff))
        .await
        .expect("somebody else");
    for n in 2..50 {
        invitations::invite(&w.s, &adam, to(&format!("p{n}@x.test"), Role::Staff))
            .await
            .expect("invited");
    }
    let many = refused(&adam, "p50@x.test", Role::Staff).await;
    assert!(
        many.code == Code::Conflict && many.detail.starts_with("50 invitations are open"),
        "{many:?}"
    );
}

#[rstest]
#[tokio::test]
async fn a_link_does_not_outlive_what_its_inviter_may(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = owner(&w).await;
    let adam = member(&w.s, w.owner.business_id, Role::Admin, "adam@x.test", PASSWORD).await;
    let otto = member(&w.s, w.owner.business_id, Role::Owner, "otto@x.test", PASSWORD).await;
    let invited = async |by: &Actor, email: &str, role| {
        let made = invitations::invite(&w.s, by, to(email, role)).await.expect("invited");
        made.token.expose_secret().to_owned()
    };
    let opens = async |token: &str| invitations::open_link(&w.s, token, None).await.is_ok();
    let evil = invited(&adam, EVE, Role::Admin).await;
    let partner = invited(&otto, "p@x.test", Role::Owner).await;
    let helper = invited(&otto, "h@x.test", Role::Staff).await;
    let another = invited(&olga, "a@x.test", Role::Owner).await;

    members::remove(&w.s, &olga, id(&adam)).await.expect("removed");
    assert!(why(&w, &evil).await.contains("taken back"));
    let joined = invitations::accept_as_new(&w.s, &evil, new("Eve")).await;
    assert_eq!(joined.expect_err("it opens nothing").problem().code, Code::NotFound);
    assert!(opens(&partner).await && opens(&helper).await && opens(&another).await);

    members::change_role(&w.s, &olga, id(&otto), Role::Admin)
        .await
        .expect("an admin");
    assert!(
        !opens(&partner).await && opens(&helper).await,
        "an admin may invite staff, and no owner"
    );
    members::change_role(&w.s, &olga, id(&otto), Role::Staff)
        .await
        .expect("staff");
    assert!(!opens(&helper).await && opens(&another).await);
    assert_eq!(open(&w, &olga).await.len(), 1);
}
