//! Doors, over HTTP: a real server on a port of its own, with workers, a simulated Twilio and a database per test.

mod api;
mod app;
mod crash;
mod keys;
mod live;
mod pages;
mod queue;
mod screens;
mod story;
mod webhooks;
