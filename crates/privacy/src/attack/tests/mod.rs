#![expect(
    clippy::string_slice,
    clippy::type_complexity,
    reason = "numbers of ASCII digits and tables of cases"
)]

mod alarms;
mod classes;
mod distributions;
mod events;
mod hostile;
mod identifiers;
mod people;
mod residue;
mod stitching;
mod synthetic;
