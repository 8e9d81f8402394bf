mod case;
mod fixture;
mod forms;
mod hostile;
mod letters;
mod occasions;
mod sheets;
mod typeface;
