mod figures;
mod fitting;
mod generating;
mod hostile;
mod neighbours;
mod population;
mod topup;
