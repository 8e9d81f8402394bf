mod attackers;
mod forms;
mod people;
