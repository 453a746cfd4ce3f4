//! Counts of facets over everything that matches.

use std::collections::HashMap;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, StrColumn};
use tantivy::{DocId, Score, SegmentOrdinal, SegmentReader};

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

/// Counts while the matches go by.
pub(crate) struct CountCollector;

/// Counts of one segment by ordinal; names are looked up at the end.
pub(crate) struct SegmentCounts {
    total: u64,
    words: [(Option<StrColumn>, HashMap<u64, u64>); 4],
    year: Option<Column<i64>>,
    years: HashMap<i64, u64>,
}

impl Collector for CountCollector {
    type Fruit = Counts;
    type Child = SegmentCounts;

    fn for_segment(&self, _segment: SegmentOrdinal, reader: &SegmentReader) -> tantivy::Result<SegmentCounts> {
        let fast = reader.fast_fields();
        Ok(SegmentCounts {
            total: 0,
            words: [
                (fast.str("kind")?, HashMap::new()),
                (fast.str("bodies")?, HashMap::new()),
                (fast.str("status")?, HashMap::new()),
                (fast.str("provinces")?, HashMap::new()),
            ],
            year: fast.column_opt("year")?,
            years: HashMap::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Counts>) -> tantivy::Result<Counts> {
        let mut all = Counts::default();
        for segment in segments {
            all.total += segment.total;
            for (into, from) in [
                (&mut all.kinds, segment.kinds),
                (&mut all.bodies, segment.bodies),
                (&mut all.statuses, segment.statuses),
                (&mut all.provinces, segment.provinces),
            ] {
                for (name, count) in from {
                    *into.entry(name).or_default() += count;
                }
            }
            for (year, count) in segment.years {
                *all.years.entry(year).or_default() += count;
            }
        }
        Ok(all)
    }
}

impl SegmentCollector for SegmentCounts {
    type Fruit = Counts;

    fn collect(&mut self, doc: DocId, _score: Score) {
        self.total += 1;
        for (column, counts) in &mut self.words {
            if let Some(column) = column {
                for ordinal in column.term_ords(doc) {
                    *counts.entry(ordinal).or_default() += 1;
                }
            }
        }
        if let Some(year) = self.year.as_ref().and_then(|column| column.first(doc)) {
            *self.years.entry(year).or_default() += 1;
        }
    }

    fn harvest(self) -> Counts {
        let named = |(column, counts): (Option<StrColumn>, HashMap<u64, u64>)| -> HashMap<String, u64> {
            let mut names = HashMap::new();
            for (ordinal, count) in counts {
                let mut name = String::new();
                if column.as_ref().is_some_and(|column| column.ord_to_str(ordinal, &mut name).unwrap_or(false)) {
                    names.insert(name, count);
                }
            }
            names
        };
        let [kinds, bodies, statuses, provinces] = self.words;
        Counts {
            total: self.total,
            kinds: named(kinds),
            bodies: named(bodies),
            statuses: named(statuses),
            provinces: named(provinces),
            years: self.years,
        }
    }
}
