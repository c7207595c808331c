// SPDX-License-Identifier: Apache-2.0
//! The `farmhand` binary.
fn main() {}
