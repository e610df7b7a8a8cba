//! Walking the tree in order along a pattern.

use super::SubjectTable;
use super::id::{NodeRef, Ref, SubjectId, Target};
use super::order::{byte_of, compare, edge_of};
use super::pattern::{Expected, Pattern};
use super::text::common_len;
use super::tree::{Order, Tree};
use std::ops::Bound;

/// The ids of the subjects that match a pattern, in order; made by the methods of [`SubjectTable`].
///
/// The walk enters a part of the tree only if the bytes on the way there agree with the pattern. Its memory is the
/// number of nodes between the root and a leaf.
#[derive(Debug, Clone)]
pub(crate) struct Matching<'a> {
    tree: Tree<'a>,
    pattern: Pattern<'a>,
    /// A part of the tree that comes next, before those below the stack.
    pending: Option<Place>,
    stack: Vec<Frame>,
}

/// A part of the tree, with the number of bytes on the way there and the state of the pattern after them.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Ref,
    depth: usize,
    state: usize,
}

/// A node that was entered.
#[derive(Debug, Clone, Copy)]
struct Frame {
    node: NodeRef,
    /// 0 if the subject that ends at the node comes next, else the edge that may come next plus one.
    next: u16,
    /// Number of bytes on the way there, prefix included, and the state after them.
    depth: usize,
    state: usize,
}

/// One result of a walk.
#[derive(Debug, Clone, Copy)]
pub(super) enum Hit {
    Subject(SubjectId),
    /// All subjects of a node; the walk goes on behind them.
    Subtree(NodeRef),
}

impl<'a> Matching<'a> {
    /// Walks along all subjects that match `pattern` from `start` on.
    pub(super) fn new(table: &'a SubjectTable, pattern: &'a [u8], start: Bound<&[u8]>) -> Self {
        let pattern = Pattern::new(pattern);
        let is_literal = pattern.is_literal();
        // One subject is found without the tree.
        let tree = if is_literal { Tree { order: &NO_ORDER, names: &table.names } } else { table.tree() };
        let mut walk = Self { tree, pattern, pending: None, stack: Vec::new() };
        match start {
            _ if is_literal => walk.seek_literal(start),
            Bound::Unbounded => walk.pending = Some(Place { at: tree.order.root, depth: 0, state: 0 }),
            Bound::Included(key) => walk.seek(key, 0),
            Bound::Excluded(key) => walk.seek(key, 1),
        }
        walk
    }

    /// Walks along all subjects in a part of the tree; `pattern` must match everything.
    pub(super) fn below(tree: Tree<'a>, pattern: &'a [u8], at: Ref) -> Self {
        let pending = Some(Place { at, depth: 0, state: 0 });
        Self { tree, pattern: Pattern::new(pattern), pending, stack: Vec::new() }
    }

    /// Returns the number of subjects in and below a node.
    pub(super) fn weight(&self, node: NodeRef) -> usize {
        self.tree.order.weight(node.into())
    }

    /// Returns the next result; a node below which everything matches is one result.
    pub(super) fn next_hit(&mut self) -> Option<Hit> {
        if let Some(place) = self.pending.take()
            && let Some(hit) = self.enter(place)
        {
            return Some(hit);
        }
        loop {
            let frame = self.stack.last_mut()?;
            if frame.next == 0 {
                frame.next = 1;
                let terminal = self.tree.order.nodes.header(frame.node).terminal;
                if let Some(id) = terminal.id()
                    && self.pattern.accepts_end(frame.state)
                {
                    return Some(Hit::Subject(id));
                }
            }
            let Frame { node, next, depth, state } = *frame;
            let node = self.tree.order.nodes.node(node);
            let child = match self.pattern.expected(state) {
                Expected::Everything | Expected::Token => {
                    node.next_child(next - 1).inspect(|&(edge, _)| frame.next = u16::from(edge) + 2)
                }
                // There is one way down at most, so the node need not be visited again.
                Expected::Byte(byte) => {
                    self.stack.pop();
                    let edge = edge_of(byte);
                    if u16::from(edge) + 1 < next {
                        continue;
                    }
                    match node.child(edge) {
                        Ref::NOTHING => continue,
                        child => Some((edge, child)),
                    }
                }
                Expected::End => None,
            };
            let Some((edge, at)) = child else {
                self.stack.pop();
                continue;
            };
            if let Some(state) = self.pattern.step(state, byte_of(edge))
                && let Some(hit) = self.enter(Place { at, depth: depth + 1, state })
            {
                return Some(hit);
            }
        }
    }

    /// Reads the bytes at a place: the tail of a leaf, which gives a hit, or the prefix of a node, which is put on the
    /// stack if it agrees with the pattern.
    fn enter(&mut self, Place { at, depth, state }: Place) -> Option<Hit> {
        let everything = self.pattern.expected(state) == Expected::Everything;
        match at.target() {
            Target::Nothing => None,
            Target::Leaf(id, _) if everything => Some(Hit::Subject(id)),
            Target::Leaf(id, _) => {
                let end = self.pattern.run(state, self.tree.tail(id, depth))?;
                self.pattern.accepts_end(end).then_some(Hit::Subject(id))
            }
            Target::Node(node) if everything => Some(Hit::Subtree(node)),
            Target::Node(node) => {
                let prefix = self.tree.order.texts.slice(&self.tree.order.nodes.header(node).prefix);
                let state = self.pattern.run(state, prefix)?;
                if self.pattern.expected(state) == Expected::Everything {
                    return Some(Hit::Subtree(node));
                }
                self.stack.push(Frame { node, next: 0, depth: depth + prefix.len(), state });
                None
            }
        }
    }

    /// Makes the subject that is the pattern the only result, if it is behind `start`.
    fn seek_literal(&mut self, start: Bound<&[u8]>) {
        let pattern = self.pattern.bytes();
        let behind_start = match start {
            Bound::Unbounded => true,
            Bound::Included(key) => compare(pattern, key).is_ge(),
            Bound::Excluded(key) => compare(pattern, key).is_gt(),
        };
        if let Some(id) = self.tree.names.get(pattern).filter(|_| behind_start) {
            self.pending = Some(Place { at: Ref::leaf(id, &[]), depth: pattern.len(), state: pattern.len() });
        }
    }

    /// Prepares the stack as if all subjects before `key` had been passed, and `key` itself if `next_at_key` is 1.
    fn seek(&mut self, key: &[u8], next_at_key: u16) {
        let tree = self.tree;
        let Order { root, nodes, texts } = tree.order;
        let mut place = Place { at: *root, depth: 0, state: 0 };
        loop {
            let rest = key.get(place.depth..).unwrap_or_default();
            let node = match place.at.target() {
                Target::Node(node) => node,
                Target::Leaf(id, _) => {
                    let order = compare(tree.tail(id, place.depth), rest);
                    let behind = order.is_gt() || order.is_eq() && next_at_key == 0;
                    self.pending = behind.then_some(place);
                    return;
                }
                Target::Nothing => return,
            };
            let prefix = texts.slice(&nodes.header(node).prefix);
            let common = common_len(prefix, rest);
            if common < prefix.len() {
                self.pending = compare(prefix, rest).is_gt().then_some(place);
                return;
            }
            let Some(state) = self.pattern.run(place.state, prefix) else { return };
            let depth = place.depth + common;
            let Some(&byte) = rest.get(common) else {
                self.stack.push(Frame { node, next: next_at_key, depth, state });
                return;
            };
            let edge = edge_of(byte);
            self.stack.push(Frame { node, next: u16::from(edge) + 2, depth, state });
            let Some(state) = self.pattern.step(state, byte) else { return };
            place = Place { at: nodes.child(node, edge), depth: depth + 1, state };
        }
    }
}

impl Iterator for Matching<'_> {
    type Item = SubjectId;

    fn next(&mut self) -> Option<SubjectId> {
        loop {
            match self.next_hit()? {
                Hit::Subject(id) => return Some(id),
                // The state stays that of the full wildcard below, where depth has no meaning.
                Hit::Subtree(node) => {
                    let state = self.pattern.full_wildcard();
                    self.stack.push(Frame { node, next: 0, depth: 0, state });
                }
            }
        }
    }
}

/// What a walk to one subject uses for a tree.
static NO_ORDER: Order = Order::new();
