//! THE LAST QUESTION. Before a message goes out, what it came from is asked once more whether it is still wanted (law 3). Exhaustive: a new
//! origin does not compile until its owner answers here.

use domain::origin::Origin;
use entity::messages::message;
use sea_orm::DatabaseExecutor;

use crate::{
    kernel::{
        Services,
        tx::{BoxFuture, Objections},
    },
    messages, reminders,
};

/// Why these are not wanted any more, by message; who is not in the answer is.
pub(crate) fn still_wanted<'a>(
    s: &'a Services,
    db: DatabaseExecutor<'a>,
    waiting: &'a [&'a message::Model],
) -> BoxFuture<'a, Objections> {
    Box::pin(async move {
        let mut of_reminders = Vec::new();
        for m in waiting {
            match messages::origin(m) {
                Some(Origin::Reminder) => of_reminders.push(*m),
                // What people wrote, and answers to what customers wrote, are nobody else's to take back. What is not known is not sent anyhow.
                Some(Origin::Reply | Origin::Automatic) | None => {}
            }
        }
        if of_reminders.is_empty() {
            return Ok(Objections::new());
        }
        reminders::still_wanted(&db, s.now(), &of_reminders).await
    })
}
