//! Ways to the customer, and whether they are open: the accounts messages go through, and their breakers; and the mail server.

pub(crate) mod breakers;
pub mod connections;
pub mod email;
