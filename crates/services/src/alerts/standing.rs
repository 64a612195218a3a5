//! How things stand now.

use chrono::{DateTime, Utc};
use domain::{
    alerts::{Kind, PAST_DAYS, Share, USUAL_AFTER, Verdict, judge},
    figures::{Part, QUARTERS_A_DAY, Totals, What, quarter, share as percent},
    prices::dollars,
};
use entity::{alerts::alert, businesses::business};

use crate::{
    businesses,
    channels::{breakers, connections},
    figures::{self, Filter, Split},
    kernel::{Result, Tx, counters::Counter},
    numbers, reports, selftest, spend,
};

/// Half an hour, in which a break of everything is soon seen; and two hours, in which one of some is.
const RECENT: [i64; 2] = [2, 8];

/// What is the matter.
pub(super) struct Standing {
    pub subject: String,
    pub words: String,
    pub next_step: String,
}

pub(super) enum Seen {
    Is(Standing),
    IsNot,
    /// Too little is known, or it is neither.
    CannotSay,
}

impl Seen {
    fn of(found: Option<Standing>) -> Self {
        found.map_or(Self::IsNot, Self::Is)
    }
}

/// `open`: what is open of this kind already.
pub(super) async fn of(tx: &Tx, b: &business::Model, kind: Kind, open: Option<&alert::Model>) -> Result<Seen> {
    match kind {
        Kind::Undelivered => undelivered(tx, b, open).await,
        Kind::OptOuts => opt_outs(tx, b, open).await,
        Kind::Budget => Ok(Seen::of(budget(tx, b).await?)),
        Kind::Breaker => Ok(Seen::of(breaker(tx, b).await?)),
        Kind::SelfTest => Ok(Seen::of(self_test(tx, b).await?)),
    }
}

/// What lasts is not its own past, until it has lasted so long that it is how things are.
fn past_ends(tx: &Tx, open: Option<&alert::Model>) -> DateTime<Utc> {
    open.map_or(tx.now, |row| row.began_at.max(tx.now - USUAL_AFTER))
}

/// Texts whose end is known, written in these quarters, and how many of them did not arrive.
async fn lost(tx: &Tx, b: &business::Model, from: i64, to: i64) -> Result<Share> {
    let what = [What::Delivered, What::Undelivered, What::Failed, What::Refused];
    let part = Part { from, to, offset: 0 };
    let mut of = Totals::default();
    for one in figures::grouped(&tx.db, b.id, &[part], &Filter::default(), &what, Split::Sort).await? {
        if let Ok(what) = one.what.parse::<What>() {
            *of.of.entry(what).or_default() += one.n;
        }
    }
    let lost = of.not_arrived();
    Ok(Share::new(lost, lost + of.n(What::Delivered)))
}

async fn undelivered(tx: &Tx, b: &business::Model, open: Option<&alert::Model>) -> Result<Seen> {
    let now = quarter(tx.now) + 1;
    let mut recent = [Share::default(); RECENT.len()];
    for (share, quarters) in recent.iter_mut().zip(RECENT) {
        *share = lost(tx, b, now - quarters, now).await?;
    }
    let [_, longest] = recent;
    // Most looks end here: the past is a report's worth of counters.
    if open.is_none() && judge(longest, Share::new(0, 0)) == Verdict::TooFew {
        return Ok(Seen::CannotSay);
    }
    let end = (now - RECENT[1]).min(quarter(past_ends(tx, open)) - RECENT[1]);
    let past = lost(tx, b, end - PAST_DAYS * QUARTERS_A_DAY, end).await?;
    if let Some(share) = recent.iter().find(|share| judge(**share, past) == Verdict::Unusual) {
        return Ok(Seen::Is(Standing {
            subject: String::new(),
            words: format!(
                "{} of the last {} texts did not arrive; usually it is {}.",
                share.hits,
                share.of,
                percent(past.usual())
            ),
            next_step: "Errors in Reports say why. Please call people where it can't wait.".to_owned(),
        }));
    }
    Ok(over(judge(longest, past)))
}

fn over(verdict: Verdict) -> Seen {
    match verdict {
        Verdict::Usual => Seen::IsNot,
        Verdict::Unusual | Verdict::Unsure | Verdict::TooFew => Seen::CannotSay,
    }
}

/// People who opted out beside texts that were sent, of today and yesterday by the calendar of the business: who opts out mostly does so on
/// the day of the text, and not before somebody has got one.
async fn opt_outs(tx: &Tx, b: &business::Model, open: Option<&alert::Model>) -> Result<Seen> {
    let zone = businesses::zone(b);
    let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let days = |n: i64| chrono::Duration::days(n);
    let share = async |from, to| -> Result<Share> {
        let counters = [Counter::OptedOut, Counter::Sent];
        let sums = reports::between(&tx.db, b.id, from, to, &counters).await?;
        let n = |what: Counter| sums.get(&what).copied().unwrap_or(0);
        Ok(Share::new(n(Counter::OptedOut), n(Counter::Sent)))
    };
    let today = day(tx.now);
    let now = share(today - days(1), today).await?;
    if open.is_none() && judge(now, Share::default()) == Verdict::TooFew {
        return Ok(Seen::CannotSay);
    }
    let end = (today - days(2)).min(day(past_ends(tx, open)) - days(2));
    let past = share(end - days(PAST_DAYS - 1), end).await?;
    Ok(match judge(now, past) {
        Verdict::Unusual => Seen::Is(Standing {
            subject: String::new(),
            words: format!(
                "{} people opted out since yesterday, with {} texts sent; usually it is {} of them.",
                now.hits,
                now.of,
                percent(past.usual())
            ),
            next_step: "Please look at what was sent, and to whom. Nobody who opted out gets more texts.".to_owned(),
        }),
        other => over(other),
    })
}

async fn budget(tx: &Tx, b: &business::Model) -> Result<Option<Standing>> {
    let reached = spend::reached(&tx.db, b, tx.now).await?;
    Ok(reached.map(|it| {
        let of = format!("{} of {}", dollars(it.spent), dollars(it.budget));
        Standing {
            subject: spend::month(b, tx.now),
            words: if it.used_up {
                format!("This month's budget for texts is used up ({of}).")
            } else {
                format!("{} % of this month's budget for texts is used ({of}).", it.percent)
            },
            next_step: "The budget is in Settings. At 100 % everything but replies waits.".to_owned(),
        }
    }))
}

async fn breaker(tx: &Tx, b: &business::Model) -> Result<Option<Standing>> {
    let s = tx.services();
    let mut senders: Vec<String> = numbers::active(&tx.db, b.id)
        .await?
        .into_iter()
        .map(|number| number.phone)
        .collect();
    senders.extend(connections::shared(s, b.id).map(str::to_owned));
    let open = breakers::open_for(s, &tx.db, b.id, &senders).await?;
    Ok(open.into_iter().next().map(|it| Standing {
        words: format!("Texts wait. {}", it.why).trim().to_owned(),
        subject: it.scope,
        next_step: "It is tried again by itself; nothing is lost. Please call people where it can't wait.".to_owned(),
    }))
}

async fn self_test(tx: &Tx, b: &business::Model) -> Result<Option<Standing>> {
    let line = selftest::failing(&tx.db, b.id).await?;
    Ok(line.map(|line| Standing {
        subject: String::new(),
        words: format!("The self-test found: {}", line.seen),
        next_step: line.fix,
    }))
}
