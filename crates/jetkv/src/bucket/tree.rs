//! Keys as a tree: one level at a time, with counts. It costs what it shows, not what the bucket holds.

use super::{KeyInfo, KeyValue};
use crate::KvError;
use crate::backend::Counts;
use crate::limits::PAGE_KEYS_MAX;
use jetkv_types::{Subject, SubjectFilter};

/// A part of one level of the tree of keys.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Level {
    /// What follows the prefix, in token order.
    pub branches: Vec<Branch>,
    /// The token behind which the next part begins; `None` if this is the last one.
    pub next: Option<String>,
}

/// One token that follows a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The token.
    pub token: String,
    /// How many keys are below it, itself left out; deleted ones whose markers are kept included.
    pub below: u64,
    /// The key that ends with it, if there is one.
    pub key: Option<KeyInfo>,
}

impl KeyValue {
    /// Returns one level of the tree of keys: the tokens that follow `prefix` (`None` is the top), behind the token `after`, at
    /// most `limit` of them (1 to [`crate::PAGE_KEYS_MAX`]).
    ///
    /// ```
    /// # let js = jetkv::blocking::JetStream::memory()?;
    /// # let kv = js.create_key_value(jetkv::KeyValueConfig::new("app"))?;
    /// for key in ["web", "web.port", "web.host", "db.port"] { kv.put(key, "1")?; }
    /// let top = kv.branches(None, None, 100)?;
    /// let counts: Vec<_> = top.branches.iter().map(|each| (each.token.as_str(), each.below)).collect();
    /// assert_eq!(counts, [("db", 1), ("web", 2)]);
    /// # Ok::<_, jetkv::KvError>(())
    /// ```
    ///
    /// # Errors
    /// [`KvError::InvalidKey`] for a prefix or token that none can be, [`KvError::InvalidOption`] for a limit out of range;
    /// else as [`Self::keys`].
    pub async fn branches(
        &self,
        prefix: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Level, KvError> {
        if limit == 0 || limit > PAGE_KEYS_MAX {
            return Err(KvError::InvalidOption {
                option: format!("limit {limit}"),
                reason: format!("1 to {PAGE_KEYS_MAX} branches fit on a page"),
            });
        }
        if let Some(prefix) = prefix {
            self.names().subject(prefix)?;
        }
        let filter = self.names().filter(&filter_text(prefix))?;
        let base = prefix.map(|prefix| format!("{prefix}.")).unwrap_or_default();
        let mut cursor = match after {
            None => None,
            Some(token) => {
                let path = format!("{base}{token}");
                self.names().subject(&path)?;
                Some(self.behind(&path)?)
            }
        };
        // Where subtrees are counted without visiting them, only the first key of each is looked at.
        let counts = self.count_cheaply(&filter_text(prefix)).await?;
        let step = if counts.is_some() { 1 } else { usize::MAX };
        let mut level = Level::default();
        loop {
            let found = self.stream().subjects(&filter, cursor.as_ref(), step, Counts::Wanted).await;
            let found = found.map_err(|error| self.explain(None, error))?;
            if found.is_empty() {
                return Ok(level);
            }
            for state in &found {
                let key = self.names().key_of(&state.subject);
                let Some(rest) = key.strip_prefix(base.as_str()) else { continue };
                let token = rest.split('.').next().unwrap_or(rest);
                let is_key = token.len() == rest.len();
                let is_full = level.branches.len() == limit;
                match level.branches.last_mut() {
                    Some(branch) if branch.token == token => branch.below += 1,
                    Some(branch) if is_full => {
                        level.next = Some(branch.token.clone());
                        return Ok(level);
                    }
                    _ => level.branches.push(Branch {
                        token: token.to_owned(),
                        below: u64::from(!is_key),
                        key: is_key.then(|| self.key_info(state)),
                    }),
                }
            }
            if step > 1 {
                return Ok(level);
            }
            let Some(branch) = level.branches.last_mut() else { return Ok(level) };
            let path = format!("{base}{}", branch.token);
            branch.below = self.count_cheaply(&format!("{path}.>")).await?.unwrap_or_default();
            cursor = Some(self.behind(&path)?);
        }
    }

    /// Counts the keys that match, deleted ones whose markers are kept included, if that costs little.
    async fn count_cheaply(&self, filter: &str) -> Result<Option<u64>, KvError> {
        // What is too long to be a filter is too long to be below anything.
        let Ok(filter) = SubjectFilter::new(format!("{}{filter}", self.names().prefix())) else {
            return Ok(Some(0));
        };
        self.stream().count_subjects(&filter).await.map_err(|error| self.explain(None, error))
    }

    /// Returns a cursor behind `path` and everything below it: no key ends with this character, which is the least that a
    /// token can hold.
    fn behind(&self, path: &str) -> Result<Subject, KvError> {
        Subject::new(format!("{}{path}!", self.names().prefix()))
            .map_err(|error| KvError::InvalidKey { key: path.into(), reason: error.to_string() })
    }
}

/// Returns the filter of everything below a prefix.
fn filter_text(prefix: Option<&str>) -> String {
    prefix.map_or_else(|| ">".to_owned(), |prefix| format!("{prefix}.>"))
}
