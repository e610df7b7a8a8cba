//! The inner nodes: one layout per number of children.

use super::id::{Ref, widen};
use super::text::Text;

/// What all nodes have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// Number of subjects in and below the node.
    pub(super) count: u32,
    /// The leaf of the subject that ends at this node.
    pub(super) terminal: Ref,
    /// The bytes on the way into the node behind the edge from its parent; all subjects below have them.
    pub(super) prefix: Text<PREFIX_BYTES_INLINE>,
    /// Number of children; not kept by [`FullNode`].
    children: u8,
}

/// A node, whatever its size. Edges are bytes in token order, as [`super::order::edge_of`] gives them.
pub(super) trait Node {
    /// Returns a node without children.
    fn with_header(header: Header) -> Self
    where
        Self: Sized;
    fn header(&self) -> &Header;
    fn header_mut(&mut self) -> &mut Header;
    fn child_count(&self) -> usize;
    /// Says whether there is no room for one more child.
    fn is_full(&self) -> bool;
    /// Returns the child behind `edge`, or [`Ref::NOTHING`].
    fn child(&self, edge: u8) -> Ref;
    /// Returns the first child at or behind edge `from`, which may be 256.
    fn next_child(&self, from: u16) -> Option<(u8, Ref)>;
    /// Adds a child behind a new edge; there must be room.
    fn add_child(&mut self, edge: u8, child: Ref);
    /// Replaces the child behind an edge that exists.
    fn replace_child(&mut self, edge: u8, child: Ref);
    fn take_child(&mut self, edge: u8);
}

/// Up to `N` children under sorted edges.
#[derive(Debug, Clone)]
#[repr(C)] // Header and edges come first: they share a cache line, and a miss on an edge ends there.
pub(super) struct SparseNode<const N: usize> {
    header: Header,
    edges: [u8; N],
    children: [Ref; N],
}

/// Up to 48 children, found through a table of all edges.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct TableNode {
    header: Header,
    /// Place in `children` plus one, or 0.
    places: [u8; 256],
    children: [Ref; 48],
}

/// A place for each edge.
#[derive(Debug, Clone)]
#[repr(C)]
pub(super) struct FullNode {
    header: Header,
    children: [Ref; 256],
}

impl Header {
    pub(super) fn new(count: u32, prefix: Text<PREFIX_BYTES_INLINE>) -> Self {
        Self { count, terminal: Ref::NOTHING, prefix, children: 0 }
    }
}

impl<const N: usize> SparseNode<N> {
    /// Returns the place of `edge`, or where it would be inserted.
    fn place(&self, edge: u8) -> (usize, bool) {
        let used = &self.edges[..usize::from(self.header.children)];
        let place = used.iter().filter(|&&found| found < edge).count();
        (place, used.get(place) == Some(&edge))
    }
}

impl<const N: usize> Node for SparseNode<N> {
    fn with_header(header: Header) -> Self {
        Self { header: Header { children: 0, ..header }, edges: [0; N], children: [Ref::NOTHING; N] }
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn child_count(&self) -> usize {
        usize::from(self.header.children)
    }

    fn is_full(&self) -> bool {
        self.child_count() == N
    }

    #[inline]
    fn child(&self, edge: u8) -> Ref {
        // Places not in use hold nothing and come behind those in use, so the first hit is right even if a stale edge
        // is the same.
        let (words, rest) = self.edges.as_chunks::<8>();
        let mut place = 0;
        for word in words {
            let found = first_equal(*word, edge);
            place += found;
            if found < 8 {
                return self.children[place];
            }
        }
        place += rest.iter().take_while(|&&found| found != edge).count();
        self.children.get(place).copied().unwrap_or(Ref::NOTHING)
    }

    fn next_child(&self, from: u16) -> Option<(u8, Ref)> {
        let (place, _) = self.place(u8::try_from(from).ok()?);
        (place < self.child_count()).then(|| (self.edges[place], self.children[place]))
    }

    fn add_child(&mut self, edge: u8, child: Ref) {
        let (place, _) = self.place(edge);
        let used = self.child_count();
        self.edges.copy_within(place..used, place + 1);
        self.children.copy_within(place..used, place + 1);
        self.edges[place] = edge;
        self.children[place] = child;
        self.header.children += 1;
    }

    fn replace_child(&mut self, edge: u8, child: Ref) {
        if let (place, true) = self.place(edge) {
            self.children[place] = child;
        }
    }

    fn take_child(&mut self, edge: u8) {
        if let (place, true) = self.place(edge) {
            let used = self.child_count();
            self.edges.copy_within(place + 1..used, place);
            self.children.copy_within(place + 1..used, place);
            self.children[used - 1] = Ref::NOTHING;
            self.header.children -= 1;
        }
    }
}

impl Node for TableNode {
    fn with_header(header: Header) -> Self {
        Self { header: Header { children: 0, ..header }, places: [0; 256], children: [Ref::NOTHING; 48] }
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    fn child_count(&self) -> usize {
        usize::from(self.header.children)
    }

    fn is_full(&self) -> bool {
        self.child_count() == 48
    }

    #[inline]
    fn child(&self, edge: u8) -> Ref {
        // Place 0 wraps around to an index that does not exist.
        let place = usize::from(self.places[usize::from(edge)]).wrapping_sub(1);
        self.children.get(place).copied().unwrap_or(Ref::NOTHING)
    }

    fn next_child(&self, from: u16) -> Option<(u8, Ref)> {
        let edge = (from..256).find_map(|edge| {
            let edge = u8::try_from(edge).ok()?;
            (self.places[usize::from(edge)] != 0).then_some(edge)
        })?;
        Some((edge, self.child(edge)))
    }

    fn add_child(&mut self, edge: u8, child: Ref) {
        if let Some(place) = self.children.iter().position(|&child| child == Ref::NOTHING) {
            self.children[place] = child;
            self.places[usize::from(edge)] = u8::try_from(place + 1).expect("there are 48 places");
            self.header.children += 1;
        }
    }

    fn replace_child(&mut self, edge: u8, child: Ref) {
        let place = usize::from(self.places[usize::from(edge)]).wrapping_sub(1);
        if let Some(slot) = self.children.get_mut(place) {
            *slot = child;
        }
    }

    fn take_child(&mut self, edge: u8) {
        self.replace_child(edge, Ref::NOTHING);
        self.places[usize::from(edge)] = 0;
        self.header.children -= 1;
    }
}

impl Node for FullNode {
    fn with_header(header: Header) -> Self {
        Self { header, children: [Ref::NOTHING; 256] }
    }

    fn header(&self) -> &Header {
        &self.header
    }

    fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    /// Counts, as this is only asked for after a removal.
    fn child_count(&self) -> usize {
        self.children.iter().filter(|&&child| child != Ref::NOTHING).count()
    }

    fn is_full(&self) -> bool {
        false
    }

    #[inline]
    fn child(&self, edge: u8) -> Ref {
        self.children[usize::from(edge)]
    }

    fn next_child(&self, from: u16) -> Option<(u8, Ref)> {
        (from..256).find_map(|edge| {
            let edge = u8::try_from(edge).ok()?;
            let child = self.child(edge);
            (child != Ref::NOTHING).then_some((edge, child))
        })
    }

    fn add_child(&mut self, edge: u8, child: Ref) {
        self.children[usize::from(edge)] = child;
    }

    fn replace_child(&mut self, edge: u8, child: Ref) {
        self.children[usize::from(edge)] = child;
    }

    fn take_child(&mut self, edge: u8) {
        self.children[usize::from(edge)] = Ref::NOTHING;
    }
}

/// Returns the place of the first of 8 bytes that equals `byte`, or 8, without a branch.
#[inline]
fn first_equal(bytes: [u8; 8], byte: u8) -> usize {
    // Bytes that are equal become 0; only a 0, or a byte behind one, borrows into its highest bit.
    let differences = u64::from_le_bytes(bytes) ^ (LOW_BITS * u64::from(byte));
    let zeros = differences.wrapping_sub(LOW_BITS) & !differences & (LOW_BITS << 7);
    widen(zeros.trailing_zeros() / 8)
}

const LOW_BITS: u64 = u64::from_le_bytes([1; 8]);

/// Longest prefix that is stored in its node; makes a header of 20 bytes.
pub(super) const PREFIX_BYTES_INLINE: usize = 10;
