//! Ways to the customer, and whether they are open: the accounts messages go through, and their breakers.

pub(crate) mod breakers;
pub mod connections;
