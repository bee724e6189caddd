//! The client against fakes of everything around it.

mod answers;
mod authenticated;
mod bound;
mod elevated;
mod fakes;
mod fixtures;
mod foreign_time;
mod properties;
mod refresh;
mod requests;
mod sign_in;
mod sign_out;
mod stale;
mod storage;
mod tabs;
mod transition;
mod world;
