//! Test tools: a database per test, a clock that is set, a simulated Twilio at a socket, and words to tell a story with.

mod codes;
mod db;
mod receiver;
mod world;

pub use codes::code;
pub use db::{Backend, TestDb};
pub use receiver::{Call, Receiver, Says};
pub use twilio_sim::{Fault, FaultKind, Registration, Sim, SimService};
pub use world::{MAIL_FROM, NUMBER, SECRET, SHARED, TestClock, World, mail_server, master, member};
