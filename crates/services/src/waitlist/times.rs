//! Times by text: staff tick two or three that are free, the customer answers with a number, and their visit moves there.

mod choosing;
mod held;
mod offering;
mod words;

pub(super) use choosing::{answered, chosen_on_page};
pub(crate) use choosing::{chosen, tapped};
pub(super) use held::go_on;
pub(super) use offering::again;
pub use offering::offer;
pub use words::preview;
