//! Messages go out: a group is claimed (`claim`, within `limits`, by a `verdict`), each is called for outside any transaction (`dispatch`), and what the
//! calls said is written down (`record`). What a process leaves behind that died meanwhile is `abandoned`.

mod abandoned;
mod allowance;
mod claim;
mod dispatch;
mod limits;
mod record;
mod verdict;
mod whatsapp;

pub use abandoned::recover;
pub(crate) use abandoned::tick;
#[cfg(test)]
pub(crate) use claim::due;
pub use dispatch::{dispatch, send_due};
pub(crate) use record::ResultBatch;
