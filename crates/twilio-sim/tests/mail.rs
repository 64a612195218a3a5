//! What the mail server takes and keeps, its faults as a real mail client sees them, its limits, and the page.

use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Message, MultiPart};
use lettre::transport::smtp::{Error, response::Response};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use twilio_sim::{Fault, FaultKind, Sim, SimConfig};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
/// Far longer than it takes, even on a slow machine.
const SOON: Duration = Duration::from_secs(180);

type Mailer = AsyncSmtpTransport<Tokio1Executor>;

async fn sim() -> Sim {
    twilio_sim::start(SimConfig::default()).await.expect("the simulator starts")
}

fn mailer_at(url: &str) -> Mailer {
    let mailer = Mailer::from_url(url).expect("it is an address of a mail server");
    mailer.timeout(Some(SOON)).build()
}

fn mailer(sim: &Sim) -> Mailer {
    mailer_at(&sim.smtp_url())
}

fn envelope(to: &str) -> Envelope {
    let to = to.parse().expect("an address");
    Envelope::new(Some("b+123@mail.example.com".parse().expect("an address")), vec![to]).expect("it has a recipient")
}

async fn send(mailer: &Mailer, to: &str) -> Result<Response, Error> {
    let raw = format!("From: salon@example.com\r\nTo: {to}\r\nSubject: Tomorrow\r\n\r\nSee you.\r\n");
    mailer.send_raw(&envelope(to), raw.as_bytes()).await
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.into())
}

/// A mail client that says what it wants.
struct Session(BufReader<TcpStream>);

impl Session {
    async fn begin(sim: &Sim) -> Self {
        let address = sim.smtp_url().replace("smtp://", "");
        let stream = TcpStream::connect(address).await.expect("the mail server listens");
        let mut session = Self(BufReader::new(stream));
        assert!(session.answer().await.starts_with("220 "));
        session
    }

    async fn write(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.expect("the mail server reads");
    }

    /// The last line of an answer.
    async fn answer(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("the mail server answers");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.write(&format!("{line}\r\n")).await;
        self.answer().await
    }

    /// Up to the text of a mail.
    async fn data(&mut self, to: &str) {
        for line in ["EHLO here", "MAIL FROM:<>", &format!("RCPT TO:<{to}>"), "DATA"] {
            let answer = self.say(line).await;
            assert!(answer.starts_with(['2', '3']), "{line}: {answer}");
        }
    }

    /// What else there is until the mail server closes.
    async fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.0.read_to_string(&mut rest).await.expect("the mail server closes");
        rest
    }
}

#[tokio::test]
async fn a_mail_arrives_with_both_parts_and_its_headers() {
    let sim = sim().await;
    let now = "2026-03-01T09:00:00Z".parse().unwrap();
    sim.set_time(now);
    let text = "Grüße,\n.\n..\n.hidden\nsee https://app.example/c/1\n";
    let html = "<p style=\"color: red\">Grüße</p>";
    let mail = Message::builder()
        .from("Salon Eva <salon@example.com>".parse().unwrap())
        .reply_to("desk@example.com".parse().unwrap())
        .to("Ann <Ann@example.com>".parse().unwrap())
        .subject("Ihr Termin – morgen um 15 Uhr, und das ist eine Zeile, die gefaltet werden muss")
        .message_id(Some("<1@mail.example.com>".into()))
        .raw_header(header("List-Unsubscribe", "<https://app.example/u/1>"))
        .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .multipart(MultiPart::alternative_plain_html(text.to_owned(), html.to_owned()))
        .unwrap();
    mailer(&sim).send(mail.clone()).await.unwrap();
    let kept = sim.mails_to(ANN);
    let [kept] = kept.as_slice() else { panic!("{kept:?}") };
    assert!(kept.at >= now && kept.at < now + SOON);
    assert_eq!(kept.envelope_from, "salon@example.com");
    assert_eq!(kept.envelope_to, ["Ann@example.com"]);
    assert_eq!(
        kept.subject,
        "Ihr Termin – morgen um 15 Uhr, und das ist eine Zeile, die gefaltet werden muss"
    );
    let expected = [
        ("from", "\"Salon Eva\" <salon@example.com>"),
        ("reply-to", "desk@example.com"),
        ("message-id", "<1@mail.example.com>"),
        ("list-unsubscribe", "<https://app.example/u/1>"),
        ("list-unsubscribe-post", "List-Unsubscribe=One-Click"),
        ("auto-submitted", "auto-generated"),
    ];
    for (name, value) in expected {
        assert_eq!(kept.header(name), Some(value), "{name}");
    }
    assert_eq!(kept.text.as_deref().map(|t| t.replace("\r\n", "\n")).as_deref(), Some(text));
    assert_eq!(kept.html.as_deref(), Some(html));
    // The client ends every mail with a line break of its own.
    assert_eq!(kept.raw, String::from_utf8(mail.formatted()).unwrap() + "\r\n");
}

#[tokio::test]
async fn a_name_and_a_password_are_taken_whatever_they_are() {
    let sim = sim().await;
    let url = sim.smtp_url().replace("smtp://", "smtp://showup:secret@");
    send(&mailer_at(&url), ANN).await.unwrap();
    let mut session = Session::begin(&sim).await;
    session.say("EHLO here").await;
    assert_eq!(session.say("AUTH PLAIN").await, "334");
    assert!(session.say("AHNob3d1cABzZWNyZXQ=").await.starts_with("235 "));
    assert!(session.say("AUTH LOGIN").await.starts_with("504 "));
    assert_eq!(sim.mails()[0].envelope_from, "b+123@mail.example.com");
}

#[tokio::test]
async fn two_mails_at_once() {
    let sim = sim().await;
    let mut slow = Session::begin(&sim).await;
    slow.data(BOB).await;
    slow.write("Subject: Begun first\r\n\r\nHel").await;
    send(&mailer(&sim), ANN).await.unwrap();
    assert_eq!(sim.mails().len(), 1);
    slow.write("lo\r\n.").await;
    assert_eq!(slow.say("").await, "250 2.0.0 Kept as 1");
    assert_eq!(sim.mails_to(BOB)[0].text.as_deref(), Some("Hello\r\n"));
}

#[tokio::test]
async fn a_refused_recipient() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailRefuse).to("Ann@example.com").count(2));
    sim.set_fault(Fault::new(FaultKind::MailRefuse).code(450));
    sim.set_fault(Fault::new(FaultKind::MailRefuse).code(550).status("5.7.1"));
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.is_permanent() && error.status().is_some_and(|code| code.to_string() == "550"));
    assert!(error.to_string().contains("5.1.1"), "{error}");
    let error = send(&mailer, BOB).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("4.2.1"), "{error}");
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.to_string().contains("5.1.1"), "{error}");
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("5.7.1"), "{error}");
    assert_eq!(sim.mails(), []);
    send(&mailer, ANN).await.unwrap();
}

#[tokio::test]
async fn a_mail_refused_when_all_of_it_has_come() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailRefuseAfter).to(ANN));
    sim.set_fault(Fault::new(FaultKind::MailRefuseAfter).to(ANN).code(452));
    send(&mailer, BOB).await.unwrap();
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("554"), "{error}");
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("452"), "{error}");
    assert_eq!(sim.mails_to(ANN), []);
    send(&mailer, ANN).await.unwrap();
}

/// Neither refused nor put off: the client does not know what became of its mail.
fn is_unknown(error: &Error) -> bool {
    !error.is_permanent() && !error.is_transient() && error.status().is_none()
}

#[tokio::test]
async fn a_mail_that_is_kept_but_not_answered() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailUnanswered));
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(is_unknown(&error) && error.is_response(), "{error:?}");
    assert_eq!(sim.mails_to(ANN).len(), 1);
}

#[tokio::test]
async fn a_line_cut_in_the_middle_of_a_mail() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailCut).count(2));
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(is_unknown(&error), "{error:?}");
    let large = "x".repeat(70) + "\r\n";
    let error = mailer
        .send_raw(&envelope(ANN), large.repeat(50_000).as_bytes())
        .await
        .unwrap_err();
    assert!(is_unknown(&error), "{error:?}");
    assert_eq!(sim.mails(), []);
}

#[tokio::test]
async fn a_slow_answer() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailSlow).ms(3_600_000));
    let sending = tokio::spawn(async move { send(&mailer, ANN).await });
    sim.wait_for(|state| state.mails_to(ANN).count() == 1, SOON).await.unwrap();
    assert!(!sending.is_finished());
    sending.abort();
}

#[tokio::test]
async fn a_busy_server() {
    let (sim, mailer) = started().await;
    sim.set_fault(Fault::new(FaultKind::MailBusy));
    let error = send(&mailer, ANN).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("421"), "{error}");
    send(&mailer, ANN).await.unwrap();
}

fn http() -> reqwest::Client {
    twilio::tls::install();
    reqwest::Client::builder().timeout(SOON).build().expect("TLS works")
}

async fn started() -> (Sim, Mailer) {
    let sim = sim().await;
    let mailer = mailer(&sim);
    (sim, mailer)
}

#[tokio::test]
async fn what_is_too_large_is_refused_and_the_next_is_taken() {
    let (sim, mailer) = started().await;
    let line = "x".repeat(70) + "\r\n";
    let error = mailer
        .send_raw(&envelope(ANN), line.repeat(150_000).as_bytes())
        .await
        .unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("5.3.4"), "{error}");
    let error = mailer.send_raw(&envelope(ANN), "x".repeat(999).as_bytes()).await.unwrap_err();
    assert!(error.is_permanent() && error.to_string().contains("5.6.0"), "{error}");
    mailer
        .send_raw(&envelope(ANN), line.repeat(140_000).as_bytes())
        .await
        .unwrap();
    mailer.send_raw(&envelope(ANN), "x".repeat(998).as_bytes()).await.unwrap();
    assert_eq!(sim.mails().len(), 2);

    let mut session = Session::begin(&sim).await;
    session.say("EHLO here").await;
    assert!(
        session
            .say("MAIL FROM:<a@example.com> SIZE=10485761")
            .await
            .starts_with("552 ")
    );
    assert!(
        session
            .say("MAIL FROM:<a@example.com> SIZE=10485760")
            .await
            .starts_with("250 ")
    );
    for n in 0..100 {
        assert!(session.say(&format!("RCPT TO:<{n}@example.com>")).await.starts_with("250 "));
    }
    assert!(session.say(&format!("RCPT TO:<{ANN}>")).await.starts_with("452 "));
    session.write(&"x".repeat(5000)).await;
    assert_eq!(session.rest().await, "500 5.5.2 Line too long\r\n");
}

#[tokio::test]
async fn a_session_goes_its_way() {
    let sim = sim().await;
    let mut session = Session::begin(&sim).await;
    for (line, code) in [
        ("MAIL FROM:<a@example.com>", "503"),
        ("HELO here", "250"),
        ("RCPT TO:<ann@example.com>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<a@example.com> HOLDFOR=now", "501"),
        ("MAIL FROM:<a@example.com> X=1", "555"),
        ("MAIL FROM:<a@example.com>", "250"),
        ("MAIL FROM:<a@example.com>", "503"),
        ("RCPT TO:ann@example.com", "501"),
        ("RCPT TO:<ann@example.com>", "250"),
        ("NOOP", "250"),
        ("RSET", "250"),
        ("DATA", "503"),
        ("STARTTLS", "502"),
        ("HAVE YOU ANY WOOL", "500"),
    ] {
        let answer = session.say(line).await;
        assert!(answer.starts_with(code), "{line}: {answer}");
    }
    // All at once, as PIPELINING allows, and an empty mail in the end.
    session
        .write("MAIL FROM:<>\r\nRCPT TO:<ann@example.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n.\r\nQUIT\r\n")
        .await;
    let codes: Vec<String> = session.rest().await.lines().map(|line| line[..3].to_owned()).collect();
    assert_eq!(codes, ["250", "250", "250", "354", "250", "221"]);
    let mails = sim.mails();
    assert_eq!((mails.len(), mails[0].raw.as_str()), (1, ""));
    assert_eq!(
        (mails[0].envelope_from.as_str(), &mails[0].envelope_to[..]),
        ("", &[ANN.into(), BOB.into()][..])
    );
    sim.clear();
    assert_eq!(sim.mails(), []);
}

#[tokio::test]
async fn a_silent_session_is_closed() {
    let sim = twilio_sim::start(SimConfig {
        smtp_idle: Duration::from_millis(1),
        ..SimConfig::default()
    })
    .await
    .unwrap();
    let mut session = Session::begin(&sim).await;
    assert!(session.rest().await.starts_with("421 4.4.2 "));
}

#[tokio::test]
async fn mails_and_their_faults_at_the_control_door() {
    let (sim, mailer) = started().await;
    let http = http();
    let fault = json!({ "kind": "mail_refuse", "to": BOB, "code": 450, "status": "4.2.2" });
    let armed = http
        .post(format!("{}/control/faults", sim.url()))
        .json(&fault)
        .send()
        .await
        .unwrap();
    assert_eq!(armed.status(), 201);
    // A fault of texts is none of mails.
    sim.set_fault(Fault::new(FaultKind::Refuse));
    send(&mailer, ANN).await.unwrap();
    let error = send(&mailer, BOB).await.unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("4.2.2"), "{error}");
    send(&mailer, BOB).await.unwrap();
    assert_eq!(sim.look(|state| state.faults().len()), 1);
    for (query, count) in [
        ("", 2),
        ("?to=ANN@example.com", 1),
        ("?to=nobody@example.com", 0),
        ("?from=b%2B123@mail.example.com", 2),
        ("?from=a@b.example", 0),
    ] {
        let answer = http.get(format!("{}/control/mails{query}", sim.url())).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["mails"].as_array().map(Vec::len), Some(count), "{query}");
    }
    let answer = http
        .get(format!("{}/control/mails?to={ANN}", sim.url()))
        .send()
        .await
        .unwrap();
    let answer: Value = answer.json().await.unwrap();
    let mail = &answer["mails"][0];
    assert_eq!(mail["subject"], "Tomorrow");
    assert_eq!(mail["headers"][0], json!(["From", "salon@example.com"]));
    assert_eq!((&mail["text"], &mail["html"]), (&json!("See you.\r\n\r\n"), &Value::Null));
    let reset = http.post(format!("{}/control/reset", sim.url())).send().await.unwrap();
    assert_eq!((reset.status().as_u16(), sim.mails().len()), (204, 0));
}

#[tokio::test]
async fn the_page_shows_mails_and_runs_nothing_of_them() {
    let (sim, mailer) = started().await;
    let get = async |path: &str| {
        let answer = http().get(format!("{}{path}", sim.url())).send().await.unwrap();
        let policy = answer
            .headers()
            .get("content-security-policy")
            .map(|p| p.to_str().unwrap().to_owned());
        (
            answer.status().as_u16(),
            policy.unwrap_or_default(),
            answer.text().await.unwrap(),
        )
    };
    let (status, _, page) = get("/mail").await;
    assert!(
        status == 200 && page.contains("No mail yet") && page.contains("appears here"),
        "{page}"
    );
    let raw = "Subject: <script>alert(1)</script>\r\nContent-Type: text/html\r\n\r\n<script>alert(2)</script>";
    mailer.send_raw(&envelope(ANN), raw.as_bytes()).await.unwrap();
    send(&mailer, BOB).await.unwrap();
    for path in ["/mail", "/mail/0", "/phones"] {
        let (status, policy, page) = get(path).await;
        assert!(status == 200 && !page.contains("<script>alert"), "{page}");
        assert!(policy.starts_with("default-src 'self'") && page.contains("href=\"/mail\""));
    }
    let (_, _, page) = get("/mail").await;
    assert!(
        page.contains("2 mails") && page.find("mail-1") < page.find("mail-0"),
        "{page}"
    );
    let (_, _, page) = get("/mail/0").await;
    assert!(page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\"") && page.contains("no plain text"));
    let (_, _, page) = get("/mail/1").await;
    assert!(page.contains("<pre class=\"plain\">See you.") && page.contains("no HTML"));
    for path in ["/mail/0/html", "/mail/0/source"] {
        let (status, policy, mail) = get(path).await;
        assert!(status == 200 && mail.contains("alert(2)"));
        assert!(policy.contains("default-src 'none'") && policy.contains("sandbox ") && !policy.contains("allow-scripts"));
    }
    for path in ["/mail/7", "/mail/7/source", "/mail/1/html"] {
        assert_eq!(get(path).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn faults_are_armed_on_the_page_they_belong_to() {
    let sim = sim().await;
    let http = http();
    let post = async |path: &str, form: &str| {
        let request = http.post(format!("{}{path}", sim.url())).body(form.to_owned());
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(
        post(
            "/mail/faults",
            "kind=mail_refuse&count=2&to=ann%40example.com&code=450&status=4.2.2"
        )
        .await,
        200
    );
    assert_eq!(post("/mail/faults", "kind=refuse").await, 400);
    assert_eq!(post("/phones/faults", "kind=mail_refuse").await, 400);
    assert_eq!(post("/phones/faults", "kind=refuse").await, 200);
    let armed = sim.look(|state| state.faults().to_vec());
    let wanted = Fault::new(FaultKind::MailRefuse).count(2).to(ANN).code(450).status("4.2.2");
    assert_eq!(armed, [wanted.clone(), Fault::new(FaultKind::Refuse)]);
    let page = http
        .get(format!("{}/mail", sim.url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(page.contains("Refuse the address — next 2 mails to ann@example.com, code 450, 4.2.2") && page.contains("1 armed"));
    assert_eq!(post("/phones/faults/clear", "").await, 200);
    assert_eq!(sim.look(|state| state.faults().to_vec()), [wanted]);
    assert_eq!(post("/mail/faults/clear", "").await, 200);
    assert_eq!(sim.look(|state| state.faults().len()), 0);
}

/// A mail that offers one click, and came to somebody by a return path of its own.
fn offer(url: &str) -> String {
    format!(
        "From: salon@example.com\r\nTo: {ANN}\r\nSubject: Offer\r\nMessage-ID: <1@example.com>\r\n\
         List-Unsubscribe: <{url}>, <mailto:u@example.com>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\r\nCome.\r\n"
    )
}

/// An address that keeps what is posted to it: the header with the secret, the kind, and the body.
async fn hook() -> (String, tokio::sync::mpsc::UnboundedReceiver<(String, String, String)>) {
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
    let take = move |headers: axum::http::HeaderMap, body: String| {
        let header = |name: &str| headers.get(name).map_or("", |v| v.to_str().expect("text")).to_owned();
        tell.send((header("x-secret"), header("content-type"), body))
            .expect("somebody waits");
        async { "" }
    };
    let routes = axum::Router::new().route("/hook", axum::routing::post(take));
    tokio::spawn(axum::serve(listener, routes).into_future());
    (url, told)
}

#[tokio::test]
async fn a_mail_comes_back_to_whom_its_bounces_go() {
    let (sim, mailer) = started().await;
    let (url, mut told) = hook().await;
    let body = json!({ "url": url, "headers": [["x-secret", "s3cret"]] });
    let answer = http()
        .post(format!("{}/control/mail-reports", sim.url()))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 204);
    sim.set_fault(Fault::new(FaultKind::MailBounce).to(ANN).status("5.1.10"));
    send(&mailer, ANN).await.unwrap();
    let (secret, kind, raw) = told.recv().await.unwrap();
    assert_eq!((secret.as_str(), kind.as_str()), ("s3cret", "message/rfc822"));
    for line in [
        "To: b+123@mail.example.com",
        "Auto-Submitted: auto-replied",
        "report-type=delivery-status",
        "Final-Recipient: rfc822; ann@example.com",
        "Action: failed",
        "Status: 5.1.10",
        "Diagnostic-Code: smtp; 550 5.1.10 ",
        "Subject: Tomorrow",
    ] {
        assert!(raw.lines().any(|said| said.contains(line)), "{line}: {raw}");
    }
    assert!(!raw.contains("See you."), "only the head comes back");
    let back = &sim.mails_to("b+123@mail.example.com")[0];
    assert_eq!((back.raw.as_str(), back.envelope_from.as_str()), (raw.as_str(), ""));
    assert_eq!(back.parts[0].content_type, "message/delivery-status");
    assert_eq!(
        sim.bounce(back.seq, "failed", "5.1.1").await,
        None,
        "a bounce does not bounce"
    );
    sim.bounce(0, "delayed", "4.4.1").await.unwrap();
    let (.., raw) = told.recv().await.unwrap();
    assert!(
        raw.contains("Action: delayed\r\nStatus: 4.4.1\r\nDiagnostic-Code: smtp; 450 "),
        "{raw}"
    );
    sim.complain(0).await.unwrap();
    let (.., raw) = told.recv().await.unwrap();
    assert!(raw.contains("report-type=feedback-report") && raw.contains("Feedback-Type: abuse") && raw.contains("See you."));
}

#[tokio::test]
async fn one_click_is_one_post() {
    let (sim, mailer) = started().await;
    let (url, mut told) = hook().await;
    mailer.send_raw(&envelope(ANN), offer(&url).as_bytes()).await.unwrap();
    send(&mailer, BOB).await.unwrap();
    let press = async |seq: u64| {
        let request = http().post(format!("{}/mail/{seq}/unsubscribe", sim.url()));
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(press(0).await, 200);
    let (_, kind, body) = told.recv().await.unwrap();
    assert_eq!(
        (kind.as_str(), body.as_str()),
        ("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click")
    );
    assert_eq!(sim.mails_to(ANN)[0].notes, ["One click to unsubscribe was answered 200."]);
    assert_eq!(press(1).await, 400, "who offers none gets none");
    assert!(told.try_recv().is_err());
    let page = http()
        .get(format!("{}/mail/0", sim.url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("Unsubscribe with one click") && page.contains(&format!("<a href=\"{url}\"")),
        "{page}"
    );
}

#[tokio::test]
async fn what_comes_back_is_asked_for_on_the_page() {
    let (sim, mailer) = started().await;
    send(&mailer, ANN).await.unwrap();
    let post = async |form: &'static str| {
        let request = http().post(format!("{}/mail/0/report", sim.url())).body(form);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(post("kind=bounce&status=5.2.2").await, 200);
    assert_eq!(post("kind=bounce&status=5.2.2%0D%0AX: y").await, 200);
    assert_eq!(post("kind=complaint").await, 200);
    assert_eq!(post("kind=other").await, 400);
    let back = sim.mails_to("b+123@mail.example.com");
    let said: Vec<bool> = back.iter().map(|mail| mail.raw.contains("Status: 5.2.2\r\n")).collect();
    assert_eq!(said, [true, false, false], "what breaks out of its line is not said");
    assert!(back.iter().all(|mail| !mail.raw.contains("X: y")));
    assert_eq!(
        sim.mails()[0].notes,
        ["It came back.", "It came back.", "Its reader complained."]
    );
}
