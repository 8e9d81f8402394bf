mod columns;
mod properties;
mod splits;
mod values;
