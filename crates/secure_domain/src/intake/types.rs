//! The types of the columns of a text file.

use catalog::csv::{fits, infer};
use privacy::DataType;

use crate::protocol::OutputColumn;

/// Rows from which types are first guessed.
const SAMPLE_ROWS: usize = 20_000;
/// Odd values of a column that are kept to guess again.
const ODD_MAX: usize = 1_000;
/// Guesses before a column is text.
const ROUNDS_MAX: usize = 3;
/// Fewer odd values than one in so many are faults of the file, not a hint at another type.
const ROWS_PER_FAULT: u64 = 100;

/// What is known of the type of one column.
struct Guess {
    data_type: DataType,
    stated: bool,
    odd: Vec<String>,
    odd_total: u64,
}

/// Types of all columns: as stated, otherwise the narrowest that all values fit, unless the values that do not fit are so
/// few that they must be mistakes.
pub(super) fn guess(
    header: &[String],
    stated: &[OutputColumn],
    mut rows: impl FnMut(&mut dyn FnMut(&csv::StringRecord)),
) -> Vec<DataType> {
    let mut sample: Vec<Vec<String>> = vec![Vec::new(); header.len()];
    let mut seen = 0;
    rows(&mut |record| {
        seen += 1;
        if seen <= SAMPLE_ROWS && record.len() == header.len() {
            sample.iter_mut().zip(record).for_each(|(column, field)| column.push(field.to_owned()));
        }
    });
    let mut guesses: Vec<Guess> = header
        .iter()
        .zip(&sample)
        .map(|(name, column)| {
            let told = stated.iter().find(|column| column.name == *name).map(|column| column.data_type);
            let data_type = told.unwrap_or_else(|| sampled(column));
            Guess { data_type, stated: told.is_some(), odd: Vec::new(), odd_total: 0 }
        })
        .collect();
    for round in 0..=ROUNDS_MAX {
        let total = check(&mut guesses, &mut rows);
        if !revise(&mut guesses, &sample, total, round == ROUNDS_MAX) {
            break;
        }
    }
    guesses.into_iter().map(|guess| guess.data_type).collect()
}

/// The type of most of a sample: one odd value in a hundred does not make text of a number.
fn sampled(column: &[String]) -> DataType {
    let all = infer(column.iter().map(String::as_str));
    if all != DataType::Text {
        return all;
    }
    let filled: Vec<&str> = column.iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    for data_type in [DataType::Integer, DataType::Date, DataType::Timestamp, DataType::Float] {
        let fitting: Vec<&str> = filled.iter().copied().filter(|text| fits(text, data_type)).collect();
        let odd = (filled.len() - fitting.len()) as u64;
        if !fitting.is_empty() && odd * ROWS_PER_FAULT < filled.len() as u64 {
            // Codes that look like numbers stay text here too.
            return infer(fitting);
        }
    }
    DataType::Text
}

fn check(guesses: &mut [Guess], rows: &mut impl FnMut(&mut dyn FnMut(&csv::StringRecord))) -> u64 {
    let mut total = 0;
    for guess in guesses.iter_mut() {
        guess.odd.clear();
        guess.odd_total = 0;
    }
    rows(&mut |record| {
        total += 1;
        for (guess, field) in guesses.iter_mut().zip(record) {
            if !guess.stated && !field.is_empty() && !fits(field, guess.data_type) {
                guess.odd_total += 1;
                if guess.odd.len() < ODD_MAX {
                    guess.odd.push(field.to_owned());
                }
            }
        }
    });
    total
}

/// Widens guesses that do not hold; returns whether any changed.
fn revise(guesses: &mut [Guess], sample: &[Vec<String>], total: u64, last: bool) -> bool {
    let mut changed = false;
    for (guess, sample) in guesses.iter_mut().zip(sample) {
        if guess.odd_total == 0 {
            continue;
        }
        let wider = infer(sample.iter().chain(&guess.odd).map(String::as_str));
        let mistakes = guess.odd_total * ROWS_PER_FAULT < total;
        let next = if wider == DataType::Text && mistakes {
            guess.data_type
        } else if last {
            DataType::Text
        } else {
            wider
        };
        changed |= next != guess.data_type;
        guess.data_type = next;
    }
    changed
}
