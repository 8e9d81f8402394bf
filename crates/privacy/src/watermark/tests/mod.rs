mod cells;
mod fixture;
mod margins;
mod tracing;
