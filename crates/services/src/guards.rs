//! THE LAST QUESTION. Before a message goes out, what it came from is asked once more whether it is still wanted (law 3). Exhaustive: a new
//! origin does not compile until its owner answers here.

use std::collections::BTreeMap;

use domain::{consent::Purpose, origin::Origin};
use entity::messages::message;
use sea_orm::DatabaseExecutor;

use crate::{
    confirming,
    contacts::offers,
    kernel::{
        Services,
        tx::{BoxFuture, Objections},
    },
    messages, moves, outbox, reminders, reviews, verification, waitlist,
};

/// Why these are not wanted any more, by message; who is not in the answer is.
pub(crate) fn still_wanted<'a>(
    s: &'a Services,
    db: DatabaseExecutor<'a>,
    waiting: &'a [&'a message::Model],
) -> BoxFuture<'a, Objections> {
    Box::pin(async move {
        let mut by_origin: BTreeMap<Origin, Vec<&message::Model>> = BTreeMap::new();
        for m in waiting {
            // What is not known is not sent anyhow.
            let Some(origin) = messages::origin(m) else { continue };
            by_origin.entry(origin).or_default().push(m);
        }
        let mut all = Objections::new();
        for (origin, of) in by_origin {
            // Whatever made it: what nobody needs goes to those alone who have said yes to that.
            if origin.policy().purpose == Purpose::Promotional {
                all.extend(offers::objections(&db, &of).await?);
            }
            all.extend(match origin {
                Origin::Reminder => reminders::still_wanted(&db, s.now(), &of).await?,
                Origin::Moved => moves::still_wanted(&db, &of).await?,
                Origin::Offer => waitlist::still_wanted(&db, s.now(), &of).await?,
                Origin::Consent => confirming::still_wanted(&db, &of).await?,
                Origin::Review => reviews::still_wanted(&db, &of).await?,
                Origin::Verification => verification::still_wanted(&db, &of).await?,
                // What people wrote, and answers to what customers wrote, are nobody else's to take back.
                Origin::Reply | Origin::Automatic | Origin::OptedOut | Origin::OfferNews | Origin::OfferOver => continue,
            });
        }
        all.extend(outbox::ways::objections(&db, waiting).await?);
        Ok(all)
    })
}
