//! The profile of a province: what went into it, its department, and how many records of it there are by kind and state, kept counts only.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalogue::{Code, CodeList, Label};

use crate::body::Body;
use crate::boundaries::Boundaries;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::register::StateCount;

/// A line of the list of provinces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvinceLine {
    /// The province.
    pub province: Code,
    /// What went into it; empty when nothing did.
    pub parts: Vec<Code>,
    /// Records that name it by kind, each counted once, as far as the reader may see them.
    pub counts: BTreeMap<String, u64>,
}

/// One code under which records of a province stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvincePart {
    /// The code: a former province, or the province of today itself.
    pub province: Code,
    /// Records that name it, by kind.
    pub counts: BTreeMap<String, u64>,
    /// Regions of a former day that other parts of the province belonged to and this one did not.
    pub outside: Vec<Label>,
}

/// All about one province.
#[derive(Debug, Clone)]
pub struct ProvinceProfile {
    /// The province.
    pub province: Code,
    /// What it has become, when it is a former one.
    pub now: Option<Code>,
    /// What went into it and itself. A former province has only itself.
    pub parts: Vec<ProvincePart>,
    /// Its departments that exist today, or for a former province those of its last day.
    pub heads: Vec<Arc<Body>>,
    /// Records that name it, by kind and state; one that names two parts counts once.
    pub counts: Vec<StateCount>,
    /// Records that its departments keep, those of bodies merged into them included.
    pub kept: Vec<StateCount>,
}

impl Office {
    /// Every province of today, or every province there ever was in the list, with the records that name it. One query of kept counts.
    pub fn province_lines(&self, who: &Identity, boundaries: Boundaries) -> Result<Vec<ProvinceLine>, OfficeError> {
        let list = self.provinces()?;
        let today = self.clock().today().to_string();
        let place = |code: &str| match boundaries {
            Boundaries::AsThen => Some(code.to_owned()),
            Boundaries::AsNow => list.now_of(code, &today).map(|now| now.code.clone()),
        };
        let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for (codes, kind, count) in self.counts_by_places(who)? {
            let mut places: Vec<String> = codes.iter().filter_map(|code| place(code)).collect();
            places.sort_unstable();
            places.dedup();
            for place in places {
                *counts.entry(place).or_default().entry(kind.clone()).or_default() += count;
            }
        }
        let mut lines = Vec::new();
        for code in &list.codes {
            if boundaries == Boundaries::AsNow && !code.is_valid_on(&today) {
                continue;
            }
            let parts = list.codes.iter().filter(|part| part.successor.as_deref() == Some(&code.code)).cloned().collect();
            lines.push(ProvinceLine { province: code.clone(), parts, counts: counts.remove(&code.code).unwrap_or_default() });
        }
        Ok(lines)
    }

    /// The profile of a stored code of the list `provinces`. Reads kept counts, never records.
    ///
    /// # Errors
    /// `NotFound` when there is no such code.
    pub fn province_profile(&self, who: &Identity, code: &str) -> Result<ProvinceProfile, OfficeError> {
        let list = self.provinces()?;
        let province = list.get(code).ok_or_else(|| OfficeError::NotFound(format!("province {code}")))?;
        let today = self.clock().today();
        let now = list.now_of(code, &today.to_string()).filter(|now| now.code != province.code).cloned();
        let boundaries = if now.is_some() { Boundaries::AsThen } else { Boundaries::AsNow };
        let codes = self.provinces_meant(code, Some(boundaries));
        let mut parts = Vec::new();
        for code in &codes {
            let Some(part) = list.get(code) else { continue };
            let outside = list.sets.iter().filter(|set| {
                part.is_valid_on(&set.day) && !set.codes.contains(code) && codes.iter().any(|other| set.codes.contains(other))
            });
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            for count in self.counts_in(who, std::slice::from_ref(code))? {
                *counts.entry(count.kind).or_default() += count.count;
            }
            parts.push(ProvincePart { province: part.clone(), counts, outside: outside.map(|set| set.label.clone()).collect() });
        }
        // A department keeps the code that its province had when it began.
        let day = province.valid_to.as_deref().and_then(|last| last.parse().ok()).filter(|_| now.is_some()).unwrap_or(today);
        let heads: Vec<Arc<Body>> = self
            .directory()
            .all()
            .into_iter()
            .filter(|body| {
                body.form == "department" && body.is_valid_on(day) && body.province.as_ref().is_some_and(|own| codes.contains(own))
            })
            .collect();
        let mut keepers = Vec::new();
        for head in &heads {
            keepers.extend(self.bodies_meant(head.id, Some(boundaries)));
        }
        keepers.sort_unstable();
        keepers.dedup();
        let kept = self.counts_kept_by(who, &keepers)?;
        Ok(ProvinceProfile { province: province.clone(), now, parts, heads, counts: self.counts_in(who, &codes)?, kept })
    }

    fn provinces(&self) -> Result<&CodeList, OfficeError> {
        self.catalogue().list("provinces").ok_or_else(|| OfficeError::NotFound("list provinces".to_owned()))
    }
}
