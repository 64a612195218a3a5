//! Doors, over HTTP: a real server on a port of its own, with workers, a simulated Twilio and a database per test.

mod api;
mod app;
mod crash;
mod demo;
mod exports;
mod hostile;
mod interleavings;
mod kept;
mod keys;
mod live;
mod looking;
mod mails;
mod observe;
mod operator;
mod pages;
mod processes;
mod queue;
mod real;
mod screens;
mod secret;
mod site;
mod story;
mod strict;
mod times;
mod webhooks;
