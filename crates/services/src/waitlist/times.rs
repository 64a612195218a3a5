//! Times by text: staff tick two or three that are free, the customer answers with a number, and their visit moves there.

mod choosing;
mod held;
mod offering;
mod words;

pub(super) use choosing::answered;
pub(crate) use choosing::chosen;
pub(super) use held::go_on;
pub use offering::offer;
pub use words::preview;
