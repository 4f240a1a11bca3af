//! One list of the catalog: in order, and by name.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Place;
use crate::mcp::upstream::Server;

/// Things of several servers under the names by which they are shown.
pub(super) struct Shelf<T> {
    items: Vec<T>,
    places: HashMap<String, (usize, Place)>,
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { items: Vec::new(), places: HashMap::new() }
    }
}

impl<T> Shelf<T> {
    /// Adds `item` of `server`, which calls it `name`. What is shown under a name is the first of that name.
    pub(super) fn put(&mut self, shown: &str, server: &Arc<Server>, name: &str, item: T) {
        if let Entry::Vacant(free) = self.places.entry(shown.to_owned()) {
            free.insert((self.items.len(), Place { server: server.clone(), name: name.to_owned() }));
            self.items.push(item);
        }
    }

    /// All of them, in order.
    pub(super) fn items(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The one of this name.
    pub(super) fn get(&self, shown: &str) -> Option<&T> {
        self.places.get(shown).and_then(|(at, _)| self.items.get(*at))
    }

    /// Where the one of this name is.
    pub(super) fn place(&self, shown: &str) -> Option<Place> {
        self.places.get(shown).map(|(_, place)| place.clone())
    }
}
