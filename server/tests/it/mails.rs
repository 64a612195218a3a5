//! Mail to staff, from the button in the settings to the mail server.

use std::time::Duration;

use rstest::rstest;
use testkit::{Backend, Fault, FaultKind};
use tokio::time::{sleep, timeout};

use crate::{
    app::{PATIENCE, TestApp},
    pages::{page, post, server_function},
};

const OLGA: &str = "olga@x.test";

/// Waits until the settings say this.
async fn settings_say(app: &TestApp, words: &str) {
    let said = async {
        while !page(app, "/settings/email").await.contains(words) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(
        timeout(PATIENCE, said).await.is_ok(),
        "{words}: {}",
        page(app, "/settings/email").await
    );
}

/// Presses the button without JavaScript; the page that comes then.
async fn press(app: &TestApp) -> String {
    let path = server_function(app, "/settings/email", "send_test_mail").await;
    let answer = post(app, &path, &[]).await;
    assert!(answer.status().is_redirection(), "{}", answer.status());
    page(app, "/settings/email").await
}

#[rstest]
#[tokio::test]
async fn a_test_mail_is_a_button_that_works_without_javascript(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let html = page(&app, "/settings/email").await;
    assert!(
        html.contains("Showup &lt;no-reply@showup.test&gt;") && !html.contains("The last mails"),
        "{html}"
    );
    let html = press(&app).await;
    assert!(
        html.contains("It is on its way to your address.") && html.contains("Waiting to be handed over."),
        "{html}"
    );
    assert_eq!(app.sim.mails(), [], "stored first");
    let html = press(&app).await;
    assert!(html.contains("You asked for a test mail less than a minute ago."), "{html}");
    app.start_workers();
    settings_say(&app, "Handed over to the mail server.").await;
    let kept = app.sim.mails_to(OLGA);
    let [mail] = kept.as_slice() else { panic!("{kept:?}") };
    assert_eq!(mail.subject, "Bright Dental: a test mail from Showup");
    let link = format!("{}/settings", app.url);
    assert!(mail.text.as_deref().is_some_and(|text| text.contains(&link)), "{}", mail.raw);
    assert!(
        mail.html
            .as_deref()
            .is_some_and(|html| html.contains(&format!("href=\"{link}\""))),
        "{}",
        mail.raw
    );
}

#[tokio::test]
async fn what_is_not_known_of_a_mail_is_said() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.sign_in().await;
    app.sim.set_fault(Fault::new(FaultKind::MailUnanswered));
    press(&app).await;
    settings_say(&app, "It is not sent again by itself.").await;
    assert_eq!(app.sim.mails_to(OLGA).len(), 1);
}

#[tokio::test]
async fn without_a_mail_server_the_settings_say_how_to_set_one_up() {
    let app = TestApp::without_mail(Backend::Sqlite).await;
    app.sign_in().await;
    let html = page(&app, "/settings/email").await;
    assert!(
        html.contains("E-mail is not set up") && html.contains("SMTP_URL") && html.contains("MAIL_FROM"),
        "{html}"
    );
    assert!(!html.contains("Send me a test mail"), "{html}");
}
