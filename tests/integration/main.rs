// SPDX-License-Identifier: Apache-2.0
//! The one integration binary; each module is a file beside this one.

mod contract;
mod farm_faults;
mod farm_server;
mod house;
mod watching;
