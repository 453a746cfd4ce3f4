//! Counts of facets over everything that matches.

use std::collections::HashMap;

use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, SegmentReader};

use crate::index::FinderError;

/// How many matches have which kind, body, status, province and year.
#[derive(Debug, Default, Clone)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) kinds: HashMap<String, u64>,
    pub(crate) bodies: HashMap<String, u64>,
    pub(crate) statuses: HashMap<String, u64>,
    pub(crate) provinces: HashMap<String, u64>,
    pub(crate) years: HashMap<i64, u64>,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Counts) {
        self.total += other.total;
        for (into, from) in [
            (&mut self.kinds, other.kinds),
            (&mut self.bodies, other.bodies),
            (&mut self.statuses, other.statuses),
            (&mut self.provinces, other.provinces),
        ] {
            for (name, count) in from {
                *into.entry(name).or_default() += count;
            }
        }
        for (year, count) in other.years {
            *self.years.entry(year).or_default() += count;
        }
    }
}

/// Counts of one segment by ordinal; names are looked up at the end.
pub(crate) struct SegmentCounts {
    total: u64,
    words: [Option<WordCounts>; 4],
    years: Option<Column<i64>>,
    /// Years and how often they were there; neighbours in the index often have the same.
    counted_years: HashMap<i64, u64>,
}

struct WordCounts {
    column: StrColumn,
    /// By ordinal.
    counts: Vec<u32>,
}

impl WordCounts {
    fn new(column: StrColumn) -> WordCounts {
        WordCounts { counts: vec![0; column.num_terms()], column }
    }
}

impl SegmentCounts {
    pub(crate) fn new(reader: &SegmentReader) -> Result<SegmentCounts, FinderError> {
        let fast = reader.fast_fields();
        Ok(SegmentCounts {
            total: 0,
            words: [
                fast.str("kind")?.map(WordCounts::new),
                fast.str("bodies")?.map(WordCounts::new),
                fast.str("status")?.map(WordCounts::new),
                fast.str("provinces")?.map(WordCounts::new),
            ],
            years: fast.column_opt("year")?,
            counted_years: HashMap::new(),
        })
    }

    pub(crate) fn count(&mut self, doc: DocId) {
        self.total += 1;
        for WordCounts { column, counts } in self.words.iter_mut().flatten() {
            for ordinal in column.term_ords(doc) {
                if let Some(count) = counts.get_mut(ordinal as usize) {
                    *count += 1;
                }
            }
        }
        if let Some(year) = self.years.as_ref().and_then(|column| column.first(doc)) {
            *self.counted_years.entry(year).or_default() += 1;
        }
    }

    pub(crate) fn named(self) -> Result<Counts, FinderError> {
        let [kinds, bodies, statuses, provinces] = self.words.map(|words| {
            let mut names = HashMap::new();
            let Some(WordCounts { column, counts }) = words else { return Ok(names) };
            for (ordinal, count) in (0_u64..).zip(counts).filter(|(_, count)| *count > 0) {
                let mut name = String::new();
                if column.ord_to_str(ordinal, &mut name)? {
                    names.insert(name, u64::from(count));
                }
            }
            Ok::<_, FinderError>(names)
        });
        Ok(Counts {
            total: self.total,
            kinds: kinds?,
            bodies: bodies?,
            statuses: statuses?,
            provinces: provinces?,
            years: self.counted_years,
        })
    }
}
