//! All nodes of a tree, in one slab per size.

use super::id::{NodeKind, NodeRef, Ref};
use super::node::{FullNode, Header, Node, SparseNode, TableNode};
use super::slab::Slab;
use super::text::Text;

/// The nodes; a [`NodeRef`] given to a method must be of a node that is in use.
#[derive(Debug)]
pub(super) struct Nodes {
    four: Slab<SparseNode<4>>,
    sixteen: Slab<SparseNode<16>>,
    forty_eight: Slab<TableNode>,
    full: Slab<FullNode>,
}

impl Nodes {
    pub(super) const fn new() -> Self {
        Self { four: Slab::new(), sixteen: Slab::new(), forty_eight: Slab::new(), full: Slab::new() }
    }

    /// Stores a new node; small ones come into being where ways part.
    pub(super) fn insert(&mut self, node: SparseNode<4>) -> NodeRef {
        NodeRef::new(NodeKind::Four, self.four.insert(node))
    }

    /// Stores a new node with these children, in the order of their edges.
    pub(super) fn insert_with(&mut self, header: Header, children: &[(u8, Ref)]) -> NodeRef {
        match children.len() {
            0..=4 => NodeRef::new(NodeKind::Four, self.four.insert(node_with(header, children))),
            5..=16 => NodeRef::new(NodeKind::Sixteen, self.sixteen.insert(node_with(header, children))),
            17..=48 => {
                NodeRef::new(NodeKind::FortyEight, self.forty_eight.insert(node_with(header, children)))
            }
            _ => NodeRef::new(NodeKind::Full, self.full.insert(node_with(header, children))),
        }
    }

    /// Frees a node, whose prefix the caller has taken over or released.
    pub(super) fn remove(&mut self, node: NodeRef) {
        // Walks over all headers must not find a text twice.
        self.header_mut(node).prefix = Text::EMPTY;
        match node.kind() {
            NodeKind::Four => self.four.remove(node.number()),
            NodeKind::Sixteen => self.sixteen.remove(node.number()),
            NodeKind::FortyEight => self.forty_eight.remove(node.number()),
            NodeKind::Full => self.full.remove(node.number()),
        }
    }

    #[inline]
    pub(super) fn header(&self, node: NodeRef) -> &Header {
        match node.kind() {
            NodeKind::Four => self.four.at(node.number()).header(),
            NodeKind::Sixteen => self.sixteen.at(node.number()).header(),
            NodeKind::FortyEight => self.forty_eight.at(node.number()).header(),
            NodeKind::Full => self.full.at(node.number()).header(),
        }
    }

    pub(super) fn header_mut(&mut self, node: NodeRef) -> &mut Header {
        self.node_mut(node).header_mut()
    }

    /// Returns the child behind `edge`, or [`Ref::NOTHING`].
    pub(super) fn child(&self, node: NodeRef, edge: u8) -> Ref {
        self.node(node).child(edge)
    }

    pub(super) fn node(&self, node: NodeRef) -> &dyn Node {
        match node.kind() {
            NodeKind::Four => self.four.at(node.number()),
            NodeKind::Sixteen => self.sixteen.at(node.number()),
            NodeKind::FortyEight => self.forty_eight.at(node.number()),
            NodeKind::Full => self.full.at(node.number()),
        }
    }

    pub(super) fn node_mut(&mut self, node: NodeRef) -> &mut dyn Node {
        match node.kind() {
            NodeKind::Four => self.four.at_mut(node.number()),
            NodeKind::Sixteen => self.sixteen.at_mut(node.number()),
            NodeKind::FortyEight => self.forty_eight.at_mut(node.number()),
            NodeKind::Full => self.full.at_mut(node.number()),
        }
    }

    /// Adds a child behind a new edge. A full node is replaced by a larger one, which is returned.
    pub(super) fn add_child(&mut self, node: NodeRef, edge: u8, child: Ref) -> NodeRef {
        let node = if self.node(node).is_full() { self.resize(node, Direction::Up) } else { node };
        self.node_mut(node).add_child(edge, child);
        node
    }

    /// Replaces a node that has become too empty by a smaller one; returns the node that is in use now.
    ///
    /// The limits are below the sizes, so that adding and removing one child in turn does not copy the node each time.
    pub(super) fn shrink(&mut self, node: NodeRef) -> NodeRef {
        let children_max = match node.kind() {
            NodeKind::Four => return node,
            NodeKind::Sixteen => 3,
            NodeKind::FortyEight => 12,
            NodeKind::Full => 36,
        };
        if self.node(node).child_count() > children_max { node } else { self.resize(node, Direction::Down) }
    }

    /// Calls `visit` for each node, those in free places among them.
    pub(super) fn for_each_header(&mut self, mut visit: impl FnMut(&mut Header)) {
        self.four.iter_mut().for_each(|node| visit(node.header_mut()));
        self.sixteen.iter_mut().for_each(|node| visit(node.header_mut()));
        self.forty_eight.iter_mut().for_each(|node| visit(node.header_mut()));
        self.full.iter_mut().for_each(|node| visit(node.header_mut()));
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.four.memory_bytes()
            + self.sixteen.memory_bytes()
            + self.forty_eight.memory_bytes()
            + self.full.memory_bytes()
    }

    /// Returns the number of nodes that are in use.
    #[cfg(test)]
    pub(super) fn used_count(&self) -> usize {
        self.four.used_count()
            + self.sixteen.used_count()
            + self.forty_eight.used_count()
            + self.full.used_count()
    }

    /// Moves a node to the next larger or smaller size.
    fn resize(&mut self, node: NodeRef, direction: Direction) -> NodeRef {
        let old = self.node(node);
        let (kind, number) = match (node.kind(), direction) {
            (NodeKind::Four, Direction::Up) | (NodeKind::FortyEight, Direction::Down) => {
                let copy = copy_of(old);
                (NodeKind::Sixteen, self.sixteen.insert(copy))
            }
            (NodeKind::Sixteen, Direction::Up) | (NodeKind::Full, Direction::Down) => {
                let copy = copy_of(old);
                (NodeKind::FortyEight, self.forty_eight.insert(copy))
            }
            (NodeKind::FortyEight | NodeKind::Full, Direction::Up) => {
                let copy = copy_of(old);
                (NodeKind::Full, self.full.insert(copy))
            }
            (NodeKind::Four | NodeKind::Sixteen, Direction::Down) => {
                let copy = copy_of(old);
                (NodeKind::Four, self.four.insert(copy))
            }
        };
        self.remove(node);
        NodeRef::new(kind, number)
    }
}

#[derive(Debug, Clone, Copy)]
enum Direction {
    Up,
    Down,
}

fn node_with<N: Node>(header: Header, children: &[(u8, Ref)]) -> N {
    let mut node = N::with_header(header);
    for &(edge, child) in children {
        node.add_child(edge, child);
    }
    node
}

/// Returns a node of another size with the same header and children.
fn copy_of<N: Node>(old: &dyn Node) -> N {
    let mut new = N::with_header(*old.header());
    let mut from = 0;
    while let Some((edge, child)) = old.next_child(from) {
        new.add_child(edge, child);
        from = u16::from(edge) + 1;
    }
    new
}
