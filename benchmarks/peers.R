# R's side of against_r.py: Rscript peers.R TASK FOLDER; prints seconds of CPU and what it found as one JSON line.
suppressMessages(library(jsonlite))
arguments <- commandArgs(TRUE)
folder <- arguments[2]
table_of <- function(name) as.matrix(read.csv(file.path(folder, name), check.names = FALSE))
cpu <- function(call) { spent <- system.time(found <- call); list(seconds = sum(spent[1:2]), found = found) }

lasso <- function() {
  suppressMessages({ library(survival); library(glmnet) })
  X <- table_of("X.csv"); y <- as.data.frame(table_of("y.csv")); Y <- Surv(y$time, y$status)
  run <- cpu(suppressWarnings(cv.glmnet(X, Y, family = "cox", foldid = y$fold)))
  list(seconds = run$seconds, found = run$found$lambda.min)
}

correlation <- function() {
  suppressMessages(library(caret))
  C <- cor(table_of("X.csv"))
  run <- cpu(findCorrelation(C, cutoff = 0.9, exact = TRUE))
  list(seconds = run$seconds, found = run$found - 1)
}

cat(toJSON(switch(arguments[1], lasso = lasso(), correlation = correlation()), digits = I(15), auto_unbox = TRUE), "\n")
