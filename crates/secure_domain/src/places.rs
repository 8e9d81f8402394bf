//! Rows of a result, found by their keys.

use std::collections::HashMap;

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, Rows, SortField};

use crate::Error;

type ByKey = HashMap<Box<[u8]>, Vec<usize>>;

/// Where cells are in a result.
pub(crate) struct Places {
    types: Vec<DataType>,
    /// Rows by their keys; none where nothing tells them apart.
    known: Option<(RowConverter, ByKey)>,
    all: Vec<usize>,
}

/// Keys of cells, in the form in which [`Places`] knows them.
pub(crate) struct Cells(Option<Rows>);

impl Places {
    /// `keys` are columns of the result, of `rows` rows each.
    pub(crate) fn new(keys: &[ArrayRef], rows: usize) -> Result<Self, Error> {
        let types: Vec<_> = keys.iter().map(|column| column.data_type().clone()).collect();
        let all = (0..rows).collect();
        if keys.is_empty() {
            return Ok(Self { types, known: None, all });
        }
        let fields = types.iter().map(|data_type| SortField::new(data_type.clone())).collect();
        let converter = RowConverter::new(fields).map_err(|_| Error::RunFailed)?;
        let converted = converter.convert_columns(keys).map_err(|_| Error::RunFailed)?;
        let mut known = ByKey::new();
        for (place, row) in converted.iter().enumerate() {
            known.entry(row.as_ref().into()).or_default().push(place);
        }
        Ok(Self { types, known: Some((converter, known)), all })
    }

    /// Number of keys.
    pub(crate) const fn keys(&self) -> usize {
        self.types.len()
    }

    /// Number of rows of the result.
    pub(crate) const fn rows(&self) -> usize {
        self.all.len()
    }

    /// The keys that each row has, with the rows that have them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[usize])> {
        self.known.iter().flat_map(|(_, known)| known).map(|(key, rows)| (key.as_ref(), rows.as_slice()))
    }

    /// Reads the keys of cells. *Shape*: as many columns as keys.
    pub(crate) fn read(&self, keys: &[ArrayRef]) -> Result<Cells, Error> {
        let Some((converter, _)) = &self.known else { return Ok(Cells(None)) };
        let columns = keys.iter().zip(&self.types).map(|(column, to)| cast(column, to));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|_| Error::RunFailed)?;
        Ok(Cells(Some(converter.convert_columns(&columns).map_err(|_| Error::RunFailed)?)))
    }

    /// The rows of the result that a cell stands in.
    pub(crate) fn of(&self, cells: &Cells, cell: usize) -> &[usize] {
        match (&self.known, &cells.0) {
            (Some((_, known)), Some(keys)) => {
                known.get(keys.row(cell).as_ref()).map(Vec::as_slice).unwrap_or_default()
            }
            _ => &self.all,
        }
    }
}

impl Cells {
    /// The keys of a cell; nothing where there are none.
    pub(crate) fn key(&self, cell: usize) -> Box<[u8]> {
        self.0.as_ref().map(|keys| keys.row(cell).as_ref().into()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int32Array, Int64Array};

    use super::*;

    #[test]
    fn cells_are_found_whatever_the_width_of_their_keys() {
        let keys: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None, Some(7)]));
        let places = Places::new(&[keys], 3).unwrap();
        let asked: ArrayRef = Arc::new(Int32Array::from(vec![None, Some(7), Some(8)]));
        let cells = places.read(&[asked]).unwrap();
        let found: Vec<_> = (0..3).map(|cell| places.of(&cells, cell)).collect();
        assert_eq!(found, [[1].as_slice(), &[0, 2], &[]]);
        assert_eq!(places.iter().map(|(_, rows)| rows.len()).sum::<usize>(), 3);
    }

    #[test]
    fn without_keys_a_cell_is_everywhere() {
        let places = Places::new(&[], 2).unwrap();
        let cells = places.read(&[]).unwrap();
        assert_eq!((places.of(&cells, 5), cells.key(5).len(), places.keys()), ([0, 1].as_slice(), 0, 0));
    }
}
