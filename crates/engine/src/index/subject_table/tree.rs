//! The subjects in order: the tree, and the tree together with the subjects that its leaves stand for.

use super::id::{Ref, SubjectId, Target, widen};
use super::names::Names;
use super::nodes::Nodes;
use super::text::TextArena;

/// A tree of subjects. Its leaves are ids; what their subjects are, [`Names`] know.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) root: Ref,
    pub(super) nodes: Nodes,
    /// Long prefixes of nodes.
    pub(super) texts: TextArena,
}

/// A tree with its subjects, to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree<'a> {
    pub(super) order: &'a Order,
    pub(super) names: &'a Names,
}

impl Order {
    pub(super) const fn new() -> Self {
        Self { root: Ref::NOTHING, nodes: Nodes::new(), texts: TextArena::new() }
    }

    /// Returns the number of subjects in a part of the tree.
    pub(super) fn weight(&self, at: Ref) -> usize {
        match at.target() {
            Target::Node(node) => widen(self.nodes.header(node).count),
            Target::Leaf(..) => 1,
            Target::Nothing => 0,
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.nodes.memory_bytes() + self.texts.memory_bytes()
    }

    /// Moves the long texts to a new arena when more than half of the old one is dead.
    pub(super) fn compact_texts_if_wasteful(&mut self) {
        if !self.texts.is_wasteful() {
            return;
        }
        let mut fresh = TextArena::new();
        self.nodes.for_each_header(|header| fresh.adopt(&mut header.prefix, &self.texts));
        self.texts = fresh;
    }
}

impl<'a> Tree<'a> {
    /// Returns the bytes of the subject `id` from `depth` on.
    pub(super) fn tail(&self, id: SubjectId, depth: usize) -> &'a [u8] {
        self.names.name(id).get(depth..).unwrap_or_default()
    }
}
