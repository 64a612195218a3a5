//! A day's work: what everybody does, and what the clock does meanwhile.

use chrono::Duration;
use contract::{
    accounts::{Role, SignIn},
    appointments::{AppointmentAction, AppointmentQuery, EditAppointment, MoveAppointment, VisitsQuery},
    audit::AuditQuery,
    businesses::{UpdateInbox, UpdateReminders},
    calendar::{CalendarQuery, CalendarView},
    contacts::{ContactQuery, DecideHold},
    conversations::{BulkAction, Chosen, ConversationAction, Doing},
    experiments::{ExperimentQuery, PlanExperiment},
    filters::SaveFilter,
    merging::MergeContacts,
    messages::{ChangeLater, LogQuery, MessageIds, SendMessage},
    quick_replies::{Actions, CarryOut},
    search::SearchQuery,
    tasks::TaskQuery,
};
use sea_orm::ConnectionTrait;
use services::{
    Actor, accounts, appointments, audit,
    businesses::{reminding, rules},
    contacts,
    conversations::{self, batch},
    experiments, filters, integrations, jobs, live, mails, merging, moves, outbox, pages, quick_replies, reconcile, reminders,
    reports, search, sending, tasks, triggers, webhooks,
};
use testkit::{Fault, FaultKind, NUMBER, Receiver, Says, World, member};
use uuid::Uuid;

const PHONES: [&str; 6] = [
    "+14155550171",
    "+14155550172",
    "+14155550173",
    "+14155550174",
    "+14155550175",
    "+14155550176",
];

/// Everything that staff, customers and Twilio do on most days, and what the ticks do meanwhile.
pub async fn a_day(w: &World) {
    let (s, owner) = (&w.s, &w.owner);
    let by_itself = UpdateInbox {
        assign: "round_robin".to_owned(),
        close_after_days: "1".to_owned(),
    };
    rules::update(s, owner, by_itself).await.expect("kept");
    let tried = texts_are_tried(w).await;
    let receiver = Receiver::start().await;
    let hook = told_elsewhere(w, &receiver).await;
    let mut people = Vec::new();
    for phone in PHONES {
        let (person, appointment) = w.reminded("Somebody", phone).await;
        people.push((person, appointment));
    }
    for (phone, text) in PHONES
        .iter()
        .zip(["Y", "N", "STOP", "Please take me off your list", "HELP", "Is there parking?"])
    {
        w.text(phone, text).await;
    }
    futures::future::join_all(PHONES.iter().map(|phone| w.text(phone, "Thank you"))).await;
    w.text("+14155550199", "Do you take new patients?").await;
    w.text("+14155550198", "Hola, ¿tienen una cita para mi hijo?").await;
    for (person, _) in [&people[0], &people[5]] {
        let reply = w.reply(person, "See you soon").await.expect("taken");
        w.work().await;
        let sent = w.last_message(person).await;
        let sid = sent.provider_sid.expect("sent");
        for status in ["sent", "undelivered"] {
            w.status(&reply, &sid, status, Some(30003).filter(|_| status == "undelivered"))
                .await
                .expect("taken");
        }
        let ids = vec![reply.id];
        outbox::retry(s, owner, MessageIds { ids: ids.clone() }).await.expect("again");
        outbox::cancel_many(s, owner, MessageIds { ids }).await.expect("taken back");
    }
    let decision = DecideHold {
        contact_id: people[3].0.id,
        opt_out: false,
    };
    tasks::decide_hold(s, owner, decision).await.expect("decided");
    let appointment = &people[5].1;
    let starts_at = (w.clock.now() + Duration::days(4)).to_rfc3339();
    appointments::reschedule(
        s,
        owner,
        appointment.id,
        MoveAppointment {
            starts_at,
            ..Default::default()
        },
    )
    .await
    .expect("moved");
    on_the_calendar(w, appointment.id).await;
    reminders::send_now(s, owner, appointment.id).await.expect("sent now");
    appointments::act(s, owner, people[4].1.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    w.work().await;
    jobs::tick(s).await.expect("looked");
    staff_mail(w).await;
    late(w).await;
    sending::recover(s).await.expect("recovered");
    pages::backlog::backlog(s).await.expect("counted");
    screens(w, people[0].0.id).await;
    experiments::look(s, tried).await.expect("looked");
    w.clock.advance(Duration::days(2));
    w.work().await;
    jobs::tick(s).await.expect("looked");
    experiments::list(s, owner, ExperimentQuery::default()).await.expect("a list");
    experiments::stop(s, owner, tried).await.expect("ended");
    live::prune(s).await.expect("synced");
    what_was_told(w, &receiver, hook).await;
}

/// Another reminder is tried against the built-in one.
async fn texts_are_tried(w: &World) -> Uuid {
    let other = PlanExperiment {
        kind: "reminder".to_owned(),
        channel: "sms".to_owned(),
        language: "en".to_owned(),
        body: "Will you come on {{ date }} at {{ time }}? Y{{ token }} or N{{ token }}".to_owned(),
        subject: None,
        measure: "confirmed".to_owned(),
        usual_percent: 60,
        worth_percent: 70,
    };
    let test = experiments::plan(&w.s, &w.owner, other).await.expect("planned");
    experiments::start(&w.s, &w.owner, test.id).await.expect("started").id
}

/// A visit is moved and told of, moved back, changed otherwise and looked at; the calendar and a program's list are read.
async fn on_the_calendar(w: &World, id: Uuid) {
    let (s, owner) = (&w.s, &w.owner);
    let days = |days: i64| Some((w.clock.now() + Duration::days(days)).to_rfc3339());
    for (day, label) in [(5, "Ana"), (6, "Ana")] {
        let cmd = EditAppointment {
            starts_at: days(day),
            staff_label: Some(label.to_owned()),
            tell: Some(true),
            for_name: Some(Some(format!("Leo {day}"))),
            ..EditAppointment::default()
        };
        appointments::edit(s, owner, id, cmd).await.expect("changed");
    }
    moves::undo(s, owner, id).await.expect("undone");
    pages::visit::history(s, owner, id, Default::default())
        .await
        .expect("a history");
    for view in CalendarView::ALL {
        for staff in [None, Some("Ana".to_owned())] {
            let query = CalendarQuery {
                view,
                date: None,
                staff,
                location_id: None,
            };
            pages::calendar::calendar(s, owner, query).await.expect("a calendar");
        }
    }
    let query = VisitsQuery {
        staff_label: Some("Ana".to_owned()),
        ..VisitsQuery::default()
    };
    appointments::page::page(s, owner, query).await.expect("a list");
    w.clock.advance(Duration::minutes(5));
    w.work().await;
}

/// Twilio's trouble that staff hear of by e-mail, and a mail to see whether that works.
async fn staff_mail(w: &World) {
    let s = &w.s;
    let olga = member(s, w.owner.business_id, Role::Owner, "olga@x.test", "a long password").await;
    mails::send_test(s, &olga).await.expect("stored");
    at_a_conversation(w, &olga).await;
    w.sim.set_fault(Fault {
        code: Some(20003),
        ..Fault::new(FaultKind::Refuse)
    });
    let person = w.holder_of(PHONES[5]).await;
    for minutes in [0, 6] {
        w.clock.advance(Duration::minutes(minutes));
        w.reply(&person, "Are you there?").await.expect("taken");
        w.work().await;
        w.post().await;
        w.clock.advance(Duration::minutes(minutes));
    }
    assert_eq!(w.sim.mails_to("olga@x.test").len(), 3);
    mails::tick(s).await.expect("looked");
    mails::recover(s).await.expect("looked");
    mails::prune(s).await.expect("synced");
    pages::settings::email(s, &olga).await.expect("shown");
    settings(w, &olga).await;
}

/// What is set, who set it, and who came in.
async fn settings(w: &World, olga: &Actor) {
    let s = &w.s;
    let cmd = |cadence: &str| UpdateReminders {
        cadence: cadence.to_owned(),
    };
    for cadence in ["24, 2", "48, 24"] {
        reminding::update(s, olga, cmd(cadence)).await.expect("set");
        w.clock.advance(Duration::minutes(2));
        jobs::tick(s).await.expect("planned anew");
    }
    reminders::preview(s, olga, None, None).await.expect("shown");
    for password in ["guessed", "a long password"] {
        let cmd = SignIn {
            email: "olga@x.test".to_owned(),
            password: password.to_owned(),
        };
        let _ = accounts::sign_in(s, cmd, &accounts::Caller::default()).await;
    }
    accounts::signed_out(s, olga).await.expect("out");
    integrations::create_api_key(s, olga, "Website", &[]).await.expect("a key");
    let keys = integrations::list_api_keys(s, olga).await.expect("keys");
    programs(s, olga, keys[0].id).await;
    integrations::revoke_api_key(s, olga, keys[0].id).await.expect("revoked");
    audit::choices(s, olga).await.expect("choices");
    audit::last_change(s, olga, &["business.updated"]).await.expect("asked");
    for what in [None, Some("consent".to_owned())] {
        for who in [None, Some("customer".to_owned())] {
            let query = AuditQuery {
                who,
                what: what.clone(),
                ..AuditQuery::default()
            };
            audit::list(s, olga, query).await.expect("a page");
        }
    }
}

/// Texts that an outage kept from us, and a STOP that can't be acted on at once.
async fn late(w: &World) {
    reconcile::sync(&w.s).await.expect("compared");
    for (phone, text) in PHONES.iter().zip(["N", "Y", "START", "STOP", "Y"]) {
        w.sim.inbound(phone, NUMBER, text).await;
    }
    w.clock.advance(Duration::minutes(1));
    w.text(PHONES[0], "Y").await;
    reconcile::sync(&w.s).await.expect("compared");
    w.text(PHONES[1], "CANCEL").await;
    let db = w.s.db().connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("conversation", "away")).await.expect("broken");
    w.text(PHONES[5], "STOP").await;
    db.execute_unprepared(&rename("away", "conversation")).await.expect("mended");
}

/// She looks, writes, and ends with a macro.
async fn at_a_conversation(w: &World, olga: &services::Actor) {
    let s = &w.s;
    let inbox = conversations::page(s, olga, Default::default()).await.expect("the inbox");
    let open = |row: &&contract::conversations::ConversationRow| !row.opted_out && !row.on_hold;
    let id = inbox.data.iter().find(open).expect("a conversation").id;
    for doing in [Doing::Viewing, Doing::Viewing, Doing::Writing, Doing::Leaving, Doing::Writing] {
        conversations::presence::say(s, olga, id, doing).await.expect("said");
    }
    conversations::presence::now(s, olga).await.expect("who is there");
    w.clock.advance(Duration::seconds(30));
    conversations::presence::sweep(s).await.expect("swept");
    quick_replies::list(s, olga).await.expect("a list");
    let everything = CarryOut {
        body: "At nine".to_owned(),
        correlation_id: Uuid::now_v7(),
        after_message_id: None,
        actions: Actions {
            assign: Some("me".to_owned()),
            tag: Some("parking".to_owned()),
            task: Some("Call".to_owned()),
            afterwards: Some("tomorrow".to_owned()),
        },
    };
    let done = quick_replies::carry_out(s, olga, id, everything).await.expect("done");
    outbox::undo(s, olga, done.message.expect("a text").id)
        .await
        .expect("taken back");
    many_at_once(w, olga).await;
    narrowed(w, olga).await;
    for_later(w, olga, done.conversation.contact_id).await;
    two_who_are_one(w, olga).await;
}

/// Some are ticked and closed, all of a view are read; and it is undone.
async fn many_at_once(w: &World, olga: &services::Actor) {
    let s = &w.s;
    let inbox = conversations::page(s, olga, Default::default())
        .await
        .expect("the inbox")
        .data;
    let some = inbox.iter().take(2).map(|row| row.id).collect();
    let close = BulkAction::Do(ConversationAction::Close);
    batch::begin(s, olga, Chosen::These(some), close).await.expect("closed");
    batch::last(s, olga).await.expect("known");
    batch::undo(s, olga, None).await.expect("undone");
    let all = Chosen::View {
        show: None,
        as_of: w.clock.now(),
    };
    conversations::exact_count(s, olga, None).await.expect("counted");
    batch::begin(s, olga, all, BulkAction::Tag("asked".to_owned()))
        .await
        .expect("tagged");
    batch::undo(s, olga, None).await.expect("undone");
}

/// The inbox narrowed in every way, and one of them kept under a name.
async fn narrowed(w: &World, olga: &services::Actor) {
    let s = &w.s;
    for narrowed in [
        "is=optedout",
        "is=hold",
        "is=unread",
        "is=failed",
        "assigned=me",
        "tag=new",
        "location=none",
        "channel=sms",
        "visit=any",
        "visit=today",
        "since=7d",
        "until=today",
    ] {
        let page = filters::page(s, olga, Default::default(), narrowed).await;
        page.expect("a page");
        filters::count(s, olga, Some("open"), narrowed).await.expect("counted");
        filters::terms(s, olga, narrowed).await.expect("in words");
    }
    let cmd = SaveFilter {
        name: "Today".to_owned(),
        show: None,
        filters: "visit=today".to_owned(),
        shared: true,
    };
    let saved = filters::saved::save(s, olga, cmd).await.expect("saved");
    filters::saved::rename(s, olga, saved.id, "Visits today")
        .await
        .expect("renamed");
    filters::choices(s, olga).await.expect("choices");
    filters::saved::remove(s, olga, saved.id).await.expect("removed");
    let inbox = conversations::page(s, olga, Default::default())
        .await
        .expect("the inbox")
        .data;
    let within = SearchQuery {
        within: Some(inbox[0].id),
        ..SearchQuery::default()
    };
    let found = search::all(s, olga, within).await.expect("searched").messages.data;
    let at = found.last().expect("something was said").message_id;
    search::place(s, olga, "", Some(inbox[0].id), at).await.expect("its place");
}

/// A text for tomorrow, written anew, and paused because its customer writes first.
async fn for_later(w: &World, olga: &services::Actor, contact_id: Uuid) {
    let s = &w.s;
    let send_at = w.clock.now() + Duration::hours(20);
    let text = SendMessage {
        channel: None,
        contact_id,
        body: "See you tomorrow".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: Some(send_at),
    };
    let waits = outbox::send(s, olga, text).await.expect("waits").id;
    let new = ChangeLater {
        body: "See you then".to_owned(),
        send_at,
    };
    outbox::change(s, olga, waits, new).await.expect("changed");
    let person = contacts::get(s, olga, contact_id).await.expect("somebody");
    w.text(&person.phone, "Wait").await;
    outbox::resume(s, olga, waits).await.expect("goes on waiting");
    outbox::send_now(s, olga, waits).await.expect("goes");
}

/// A program that is told what things look like.
async fn told_elsewhere(w: &World, receiver: &Receiver) -> Uuid {
    let cmd = contract::webhooks::AddWebhookEndpoint {
        url: receiver.url(),
        events: vec!["*".to_owned()],
        full: true,
    };
    webhooks::add(&w.s, &w.owner, cmd).await.expect("a webhook").id
}

/// What it was told goes out, is looked at, and told once more.
async fn what_was_told(w: &World, receiver: &Receiver, hook: Uuid) {
    let (s, owner) = (&w.s, &w.owner);
    Box::pin(webhooks::deliver_due(s)).await.expect("told");
    receiver.say(Says::Status(500));
    webhooks::test(s, owner, hook).await.expect("a test");
    Box::pin(webhooks::deliver_due(s)).await.expect("not taken");
    for status in ["", "waiting", "delivered", "failed"] {
        let mut query = contract::webhooks::WebhookDeliveryQuery {
            status: Some(status.to_owned()),
            cursor: None,
            limit: Some(2),
        };
        query.cursor = webhooks::deliveries(s, owner, hook, query.clone())
            .await
            .expect("a page")
            .next_cursor;
        webhooks::deliveries(s, owner, hook, query).await.expect("the next page");
    }
    for delivered in [false, true] {
        let since = w.clock.now() - Duration::days(1);
        let cmd = contract::webhooks::ResendWebhooks {
            since,
            until: None,
            delivered,
        };
        webhooks::resend_since(s, owner, hook, cmd).await.expect("once more");
    }
    webhooks::tick(s).await.expect("a look");
    webhooks::prune(s).await.expect("nothing is old");
    let cmd = contract::triggers::Trigger {
        to: Some(PHONES[0].to_owned()),
        reference: Some("deal-7".to_owned()),
        ..Default::default()
    };
    triggers::fire(s, owner, "recall", cmd).await.expect("a text");
    triggers::prune(s).await.expect("nothing is old");
}

/// Two entries with their texts become one, and come apart again.
async fn two_who_are_one(w: &World, olga: &services::Actor) {
    let s = &w.s;
    let (ann, _) = w.reminded("Ann", "+14155550181").await;
    let anne = w.contact("Anne", "+14155550182").await;
    w.reply(&anne, "See you soon").await.expect("waits");
    let both = || MergeContacts { other_id: anne.id };
    merging::page(s, olga, ann.id, None, None).await.expect("candidates");
    merging::preview(s, olga, ann.id, both()).await.expect("shown");
    merging::merge(s, olga, ann.id, both()).await.expect("merged");
    pages::contact::page(s, olga, anne.id).await.expect("the other's");
    merging::undo(s, olga, ann.id).await.expect("apart again");
}

async fn screens(w: &World, person: uuid::Uuid) {
    let (s, owner) = (&w.s, &w.owner);
    let inbox = conversations::page(s, owner, Default::default()).await.expect("the inbox");
    for row in &inbox.data {
        pages::thread::thread(s, owner, row.id, Default::default())
            .await
            .expect("a thread");
        conversations::mark_read(s, owner, row.id).await.expect("read");
    }
    for show in ["waiting", "trouble", ""] {
        let query = LogQuery {
            show: Some(show.to_owned()).filter(|s| !s.is_empty()),
            ..LogQuery::default()
        };
        pages::log::log(s, owner, query).await.expect("the log");
    }
    for show in ["upcoming", "past"] {
        let query = AppointmentQuery {
            show: Some(show.to_owned()),
            ..AppointmentQuery::default()
        };
        appointments::list(s, owner, query).await.expect("visits");
    }
    for q in ["", "some", "0171"] {
        let query = ContactQuery {
            search: Some(q.to_owned()),
            ..ContactQuery::default()
        };
        contacts::list(s, owner, query).await.expect("contacts");
    }
    pages::contact::page(s, owner, person).await.expect("a person");
    contacts::consent::export(s, owner, person).await.expect("a ledger");
    for task in tasks::list(s, owner, TaskQuery::default()).await.expect("tasks").data {
        tasks::set_done(s, owner, task.id, true).await.expect("done");
    }
    reports::recent(s, owner, 30).await.expect("counters");
    pages::reports::board(s, owner, &Default::default()).await.expect("figures");
    pages::notices::list(s, owner).await.expect("banners");
    let here = live::cursor(s, owner.business_id).await.expect("a cursor");
    live::after(s, owner, here).await.expect("events");
}

/// What the door of the API does beside the work.
async fn programs(s: &services::Services, olga: &Actor, key: Uuid) {
    let once = services::once::Once::new(olga.business_id, key, "a name".to_owned());
    let answer = integrations::repeats::Answer {
        status: 201,
        content_type: "application/json".to_owned(),
        text: "{}".to_owned(),
    };
    integrations::repeats::before(s, &once).await.expect("looked");
    integrations::repeats::keep(s, &once, &answer).await.expect("kept");
    integrations::repeats::prune(s).await.expect("nothing is old");
    let line = integrations::requests::Line {
        business_id: olga.business_id,
        api_key_id: key,
        at: s.now(),
        request_id: "1".to_owned(),
        method: "GET".to_owned(),
        path: "/contacts".to_owned(),
        status: 200,
        took: std::time::Duration::from_millis(2),
        ip: "::1".to_owned(),
        content_type: String::new(),
        body: Vec::new(),
        whole: true,
        answer: None,
    };
    integrations::requests::write(s, vec![line]).await.expect("written");
    for (key, show) in [(None, None), (Some(key.to_string()), None), (None, Some("failed".to_owned()))] {
        let query = contract::integrations::RequestQuery {
            key,
            show,
            ..Default::default()
        };
        integrations::requests::list(s, olga, query).await.expect("a page");
    }
    integrations::requests::prune(s).await.expect("nothing is old");
}
