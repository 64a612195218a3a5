//! Two texts of a kind that are tried against each other (`domain::experiments`): how many people that takes is fixed when it is planned, each
//! person stays with one text, nobody is told who is better before everybody is counted, and harm ends it at once. What is tried stands in
//! for the text of its kind where that is rendered (`templates::say`); what came of it is heard from events.

mod listen;
mod look;
mod people;
mod view;

pub(crate) use listen::happened;
#[cfg(test)]
pub(crate) use look::due;
pub use look::{look, tick};
pub(crate) use people::{About, add, counts, given, joined};

use chrono::Duration;
use contract::{
    Code, Page,
    experiments::{ExperimentForm, ExperimentQuery, ExperimentView, PlanExperiment, Status},
    templates::{SaveTemplate, TemplateView, TemplateWords},
};
use domain::{
    experiments::{Arm, Measure, people_needed},
    templates::{Channel, Which},
};
use entity::{
    experiments::{experiment, experiment_arm},
    messages::message,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        paging::{self, Cursor, TimeCursor},
    },
    templates,
};

/// So many days back people are counted, to tell how many come.
const BEFORE: i64 = 28;

/// The tests of the actor's business, the newest first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a cursor or a limit that can't be.
pub async fn list(s: &Services, actor: &Actor, query: ExperimentQuery) -> Result<Page<ExperimentView>> {
    actor.may(Permission::ReadTemplates)?;
    let limit = paging::size(query.limit)?;
    let mut rows = experiment::Entity::in_business(actor.business_id)
        .order_by_desc(experiment::Column::CreatedAt)
        .order_by_desc(experiment::Column::Id)
        .limit(limit + 1);
    if let Some(Cursor(at, id)) = TimeCursor::decode(query.cursor.as_deref())? {
        let beyond = paging::beyond(experiment::Column::CreatedAt, experiment::Column::Id, at, id, true);
        rows = rows.filter(beyond);
    }
    let page = paging::page_of(limit, rows.all(s.read()).await?, |row| Cursor(row.created_at, row.id));
    let mut data = Vec::with_capacity(page.data.len());
    for row in page.data {
        data.push(view::view(s.read(), s.now(), row).await?);
    }
    Ok(Page {
        data,
        next_cursor: page.next_cursor,
    })
}

/// One test.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<ExperimentView> {
    actor.may(Permission::ReadTemplates)?;
    let row = find(s.read(), actor.business_id, id).await?;
    view::view(s.read(), s.now(), row).await
}

/// What there is to know where a test is planned.
///
/// # Errors
/// `NotAllowed`; `Invalid` for a text that there is none of.
pub async fn form(s: &Services, actor: &Actor, which: Which) -> Result<ExperimentForm> {
    let template = templates::get(s, actor, which).await?;
    let measures = measures(which).into_iter().map(|one| one.as_str().to_owned()).collect();
    let open = open_of(s.read(), actor.business_id, which).await?;
    Ok(ExperimentForm {
        template,
        measures,
        open: open.map(|row| row.id),
    })
}

fn measures(which: Which) -> Vec<Measure> {
    let all = Measure::of(which.kind).iter().copied();
    match which.channel {
        // What goes out there is approved word by word.
        Channel::Whatsapp => Vec::new(),
        Channel::Sms => all.collect(),
        // Nobody says of a mail that it arrived.
        Channel::Email => all.filter(|one| *one != Measure::Delivered).collect(),
    }
}

async fn open_of(db: &impl ConnectionTrait, business_id: Uuid, which: Which) -> Result<Option<experiment::Model>> {
    let open = experiment::Entity::in_business(business_id)
        .filter(Expr::cust("\"status\" IN ('planned', 'running')"))
        .filter(experiment::Column::Kind.eq(which.kind.as_str()))
        .filter(experiment::Column::Channel.eq(which.channel.as_str()))
        .filter(experiment::Column::Language.eq(which.language.as_str()));
    Ok(open.one(db).await?)
}

/// What is to be found out, checked.
struct Plan {
    which: Which,
    measure: Measure,
    needed: u64,
    words: TemplateWords,
}

fn checked(cmd: &PlanExperiment) -> Result<Plan> {
    let which = templates::meant(&cmd.kind, &cmd.channel, &cmd.language)?;
    let all = measures(which);
    if all.is_empty() && which.channel == Channel::Whatsapp {
        let words = "Texts on WhatsApp are approved word by word, so none can be tried against another there.";
        return Err(field("channel", words));
    }
    if all.is_empty() {
        let words =
            "Nothing that can be counted follows from this text. Reminders, texts about a new time and offers can be tried.";
        return Err(field("kind", words));
    }
    let measure = cmd.measure.parse().ok().filter(|measure| all.contains(measure));
    let measure: Measure = measure.ok_or_else(|| {
        let known: Vec<&str> = all.iter().map(|one| one.as_str()).collect();
        field("measure", format!("This text can be compared by: {}.", known.join(", ")))
    })?;
    let needed = size(measure, cmd.usual_percent, cmd.worth_percent)?;
    let new = SaveTemplate {
        body: cmd.body.clone(),
        subject: cmd.subject.clone(),
        version: None,
    };
    let words = templates::acceptable(which, &new)?;
    Ok(Plan {
        which,
        measure,
        needed,
        words,
    })
}

/// People that each text takes, of two shares in hundredths.
fn size(measure: Measure, usual: i32, worth: i32) -> Result<u64> {
    for (name, share) in [("usual_percent", usual), ("worth_percent", worth)] {
        if !(0..=100).contains(&share) {
            return Err(field(name, "Please give a number from 0 to 100."));
        }
    }
    if measure == Measure::Missed && worth >= usual {
        return Err(field(
            "worth_percent",
            "Fewer missed visits are better: this has to be less than it is now.",
        ));
    }
    if measure != Measure::Missed && worth <= usual {
        return Err(field("worth_percent", "More is better: this has to be more than it is now."));
    }
    people_needed(f64::from(usual) / 100.0, f64::from(worth) / 100.0)
        .ok_or_else(|| field("worth_percent", "There is nothing between these two to find."))
}

/// Plans a test: says how many people it takes, and fixes that. Nobody is given the other text before it is started.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field, with everything that is wrong with the text; `Conflict` if a test of this text is planned or
/// runs already.
pub async fn plan(s: &Services, actor: &Actor, cmd: PlanExperiment) -> Result<ExperimentView> {
    actor.may(Permission::WriteTemplates)?;
    let plan = checked(&cmd)?;
    let before = people_before(s, actor.business_id, plan.which).await?;
    let as_is = templates::get(s, actor, plan.which).await?;
    differ(&as_is, &plan.words)?;
    let mut tx = s.begin().await?;
    let row = experiment::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        kind: Set(plan.which.kind.as_str().to_owned()),
        channel: Set(plan.which.channel.as_str().to_owned()),
        language: Set(plan.which.language.as_str().to_owned()),
        measure: Set(plan.measure.as_str().to_owned()),
        usual: Set(cmd.usual_percent),
        worth: Set(cmd.worth_percent),
        needed: Set(i32::try_from(plan.needed).unwrap_or(i32::MAX)),
        people_before: Set(before),
        status: Set(Status::Planned.as_str().to_owned()),
        enrolling: Set(false),
        why: Set(None),
        result: Set(None),
        version: Set(as_is.version),
        look_at: Set(tx.now),
        adopted_version: Set(None),
        author: Set(actor.author()),
        created_at: Set(tx.now),
        started_at: Set(None),
        ended_at: Set(None),
        updated_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => problem(
            Code::Conflict,
            "A test of this text is planned or runs already. End that one first.",
        ),
        e => e,
    })?;
    let a = TemplateWords {
        subject: as_is.subject,
        body: as_is.body,
    };
    for (arm, words) in [(Arm::A, a), (Arm::B, plan.words)] {
        let arm = experiment_arm::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(actor.business_id),
            experiment_id: Set(row.id),
            arm: Set(arm.as_str().to_owned()),
            subject: Set(words.subject),
            body: Set(words.body),
            people: Set(0),
            known: Set(0),
            hits: Set(0),
            out: Set(0),
            opted_out: Set(0),
        };
        arm.insert(&tx.db).await?;
    }
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ExperimentPlanned(row.id),
        None::<()>,
        Some(facts(&row)),
    );
    finish(tx, row).await
}

fn differ(as_is: &TemplateView, other: &TemplateWords) -> Result<()> {
    if as_is.body == other.body && as_is.subject == other.subject {
        return Err(field(
            "body",
            "This is the text that customers get already. Please write another one to try.",
        ));
    }
    Ok(())
}

/// People who got such a text in the last four weeks: from what is stored of those weeks, whatever came before.
async fn people_before(s: &Services, business_id: Uuid, which: Which) -> Result<i32> {
    let origin = match which.kind {
        domain::templates::Kind::Reminder => domain::origin::Origin::Reminder,
        domain::templates::Kind::Moved => domain::origin::Origin::Moved,
        _ => domain::origin::Origin::Offer,
    };
    let people = message::Entity::in_business(business_id)
        .filter(message::Column::CreatedAt.gte(s.now() - Duration::days(BEFORE)))
        .filter(message::Column::Origin.eq(origin.as_str()))
        .filter(message::Column::Channel.eq(which.channel.as_str()))
        .filter(message::Column::SentAt.is_not_null())
        .select_only()
        .expr(Expr::cust("COUNT(DISTINCT \"contact_id\")"))
        .into_tuple::<i64>()
        .one(s.read())
        .await?;
    Ok(i32::try_from(people.unwrap_or_default()).unwrap_or(i32::MAX))
}

/// Starts a test that is planned, against the text as it is now.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` for one that was started or ended; `Invalid` if the text says now what was to be tried.
pub async fn start(s: &Services, actor: &Actor, id: Uuid) -> Result<ExperimentView> {
    actor.may(Permission::WriteTemplates)?;
    let (mut tx, row) = locked(s, actor.business_id, id).await?;
    if status(&row)? != Status::Planned {
        return Err(problem(Code::Conflict, "This test was started already, or is over."));
    }
    let as_is = templates::get(s, actor, which(&row)?).await?;
    let arms = view::arms(&tx.db, &row).await?;
    for arm in arms {
        if arm.arm == Arm::B.as_str() {
            let (subject, body) = (arm.subject, arm.body);
            differ(&as_is, &TemplateWords { subject, body })?;
            continue;
        }
        let mut arm = arm.into_active_model();
        arm.subject = Set(as_is.subject.clone());
        arm.body = Set(as_is.body.clone());
        arm.update(&tx.db).await?;
    }
    let was = facts(&row);
    let mut row = row.into_active_model();
    row.status = Set(Status::Running.as_str().to_owned());
    row.enrolling = Set(true);
    row.version = Set(as_is.version);
    row.started_at = Set(Some(tx.now));
    row.look_at = Set(tx.now);
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ExperimentStarted(id),
        Some(was),
        Some(facts(&row)),
    );
    finish(tx, row).await
}

/// Ends a test before its end; one that was not started is given up. Everybody gets the text as it was, and nothing can be said of the other.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` for one that is over.
pub async fn stop(s: &Services, actor: &Actor, id: Uuid) -> Result<ExperimentView> {
    actor.may(Permission::WriteTemplates)?;
    let (mut tx, row) = locked(s, actor.business_id, id).await?;
    let why = match status(&row)? {
        Status::Planned => format!("{} gave it up before it began.", actor.author()),
        Status::Running => format!("{} ended it before everybody was counted.", actor.author()),
        Status::Done | Status::Stopped | Status::Harmful => return Err(problem(Code::Conflict, "This test is over already.")),
    };
    let row = look::end(&mut tx, &actor.who, row, Status::Stopped, why).await?;
    finish(tx, row).await
}

/// The better text is the one that customers get from now on, as another version of it.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Conflict` where nothing has won, or the text was changed since the test began.
pub async fn adopt(s: &Services, actor: &Actor, id: Uuid) -> Result<ExperimentView> {
    actor.may(Permission::WriteTemplates)?;
    let row = find(s.read(), actor.business_id, id).await?;
    let shown = view::view(s.read(), s.now(), row.clone()).await?;
    if row.adopted_version.is_some() {
        return Ok(shown);
    }
    if shown.winner.as_deref() != Some(Arm::B.as_str()) {
        let words = match shown.winner {
            Some(_) => "The text as it was did better, and customers get it already.",
            None => "Neither of the two texts is known to be better.",
        };
        return Err(problem(Code::Conflict, words));
    }
    let better = shown.arms.into_iter().find(|arm| arm.arm == Arm::B.as_str());
    let better = better.ok_or_else(|| not_found("test"))?;
    let new = SaveTemplate {
        body: better.body,
        subject: better.subject,
        version: Some(row.version),
    };
    let saved = templates::save(s, actor, which(&row)?, new).await?;
    let mut tx = s.begin().await?;
    let was = facts(&row);
    let mut row = row.into_active_model();
    row.adopted_version = Set(Some(saved.version));
    row.updated_at = Set(tx.now);
    let row = row.update(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::ExperimentAdopted(id),
        Some(was),
        Some(facts(&row)),
    );
    finish(tx, row).await
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, id: Uuid) -> Result<experiment::Model> {
    let row = experiment::Entity::these(business_id, [id]).one(db).await?;
    row.ok_or_else(|| not_found("test"))
}

/// The test, locked, after the texts of its business: every process reads anew what is tried, and of two who do something about it one waits.
async fn locked(s: &Services, business_id: Uuid, id: Uuid) -> Result<(Tx, experiment::Model)> {
    let tx = s.begin().await?;
    businesses::texts_changed(&tx, business_id).await?;
    let row = experiment::Entity::these(business_id, [id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    Ok((tx, row.ok_or_else(|| not_found("test"))?))
}

async fn finish(tx: Tx, row: experiment::Model) -> Result<ExperimentView> {
    let shown = view::view(&tx.db, tx.now, row).await?;
    tx.commit().await?;
    Ok(shown)
}

fn status(row: &experiment::Model) -> Result<Status> {
    row.status.parse().map_err(|_| Error::broken("a test with an unknown status"))
}

fn measure(row: &experiment::Model) -> Result<Measure> {
    row.measure
        .parse()
        .map_err(|_| Error::broken("a test with an unknown measure"))
}

fn which(row: &experiment::Model) -> Result<Which> {
    templates::meant(&row.kind, &row.channel, &row.language).map_err(|_| Error::broken("a test of an unknown text"))
}

/// What the audit trail keeps of it.
fn facts(row: &experiment::Model) -> Value {
    json!({ "text": format!("{} · {} · {}", row.kind, row.channel, row.language), "measure": row.measure, "people": row.needed,
        "usual_percent": row.usual, "worth_percent": row.worth, "status": row.status, "why": row.why,
        "adopted_version": row.adopted_version })
}
