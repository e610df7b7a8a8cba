//! Finding the part of the tree below a prefix.

use super::SubjectTable;
use super::id::{Ref, Target};
use super::order::edge_of;

impl SubjectTable {
    /// Returns the smallest part of the tree with all subjects that start with `prefix`, if there are any.
    pub(super) fn locate(&self, prefix: &[u8]) -> Ref {
        let (mut at, mut rest) = (self.root, prefix);
        loop {
            match at.target() {
                Target::Node(node) => {
                    let header = self.nodes.header(node);
                    let Some(behind) = self.texts.strip(&header.prefix, rest) else {
                        let inside = self.texts.slice(&header.prefix).starts_with(rest);
                        return if inside { at } else { Ref::NOTHING };
                    };
                    let Some((&byte, tail)) = behind.split_first() else { return at };
                    at = self.nodes.child(node, edge_of(byte));
                    rest = tail;
                }
                Target::Leaf(id, _) => {
                    let inside = self.tail(id, prefix.len() - rest.len()).starts_with(rest);
                    return if inside { at } else { Ref::NOTHING };
                }
                Target::Nothing => return at,
            }
        }
    }
}
