//! Trouble of the machine that Lifeboat runs on, in every command that speaks to a server: full disks, folders
//! that cannot be written to, a store that somebody else holds, signals that end it; and full disks in those that write
//! without asking one.

mod begun;
mod clock;
mod damaged;
mod disk;
mod ground;
mod locked;
mod offline;
mod read_only;
mod signals;
mod work;
