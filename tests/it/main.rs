//! One integration program: the house, the laws of its metrics, and the product as its users meet it.

mod architecture;
mod audit;
mod badfiles;
mod bank;
mod commands;
mod coverage;
mod decide;
mod experiments;
mod field;
mod files;
mod floors;
mod golden;
mod inert;
mod laws;
mod laws_of_replay;
mod methods;
mod old_results;
mod olist;
mod oracle;
mod product;
mod replay;
mod review;
mod sheets;
mod trial;
mod trial_study;
mod x_education;
