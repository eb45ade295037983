# Draws the figures of this development again from the tables in data/: Rscript figures.R
# Needs R with survival and ggplot2. Each figure is written as PDF into redrawn/.
suppressPackageStartupMessages({ library(survival); library(ggplot2) })
place <- sub("^--file=", "", grep("^--file=", commandArgs(FALSE), value = TRUE))
if (length(place)) setwd(dirname(normalizePath(place)))
dir.create("redrawn", showWarnings = FALSE)
theme_set(theme_classic(base_size = 10))
options(ggplot2.discrete.colour = c("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"))
blue <- "#0072B2"; orange <- "#D55E00"; grey <- "#555555"
has <- function(name) file.exists(file.path("data", paste0(name, ".csv")))
table_of <- function(name) read.csv(file.path("data", paste0(name, ".csv")), check.names = FALSE)
save <- function(name, figure, width = 12, height = 9) {
  ggsave(file.path("redrawn", paste0(name, ".pdf")), figure, width = width, height = height, units = "cm")
  cat(name, "\n")
}

kaplan_meier <- function(column, name) {
  d <- table_of("patients"); d <- d[d[[column]] %in% c("LOW", "HIGH"), ]
  if (length(unique(d[[column]])) < 2) return(invisible())
  d$group <- factor(d[[column]], c("LOW", "HIGH"))
  steps <- do.call(rbind, lapply(split(d, d$group), function(part) {
    fit <- survfit(Surv(time_months, event) ~ 1, part)
    data.frame(group = part$group[1], time = c(0, fit$time), survival = c(1, fit$surv)) }))
  test <- survdiff(Surv(time_months, event) ~ group, d)
  p <- pchisq(test$chisq, 1, lower.tail = FALSE)
  save(name, ggplot(steps, aes(time, survival, colour = group)) + geom_step() + ylim(0, 1) +
    scale_colour_manual(values = c(LOW = blue, HIGH = orange)) +
    labs(x = "Months", y = "Survival", colour = "Risk", subtitle = sprintf("log-rank P %.3g", p)))
}
kaplan_meier("group_apparent", "km_apparent")
kaplan_meier("group_out_of_fold", "km_out_of_fold")

d <- table_of("lasso_cv")
if (nrow(d)) save("lasso_cv", ggplot(d, aes(log(lambda), deviance)) +
  geom_errorbar(aes(ymin = deviance - std_error, ymax = deviance + std_error), colour = "grey70") +
  geom_point(colour = blue, size = 0.8) + geom_vline(xintercept = log(d$lambda_min[1]), linetype = 2) +
  labs(x = "log lambda", y = "Partial-likelihood deviance"))

d <- table_of("signature")
if (nrow(d)) save("coefficients", ggplot(d, aes(coefficient, reorder(feature, coefficient))) + geom_col(fill = blue) +
  labs(x = "Coefficient per unit of scale", y = NULL), 16)

d <- subset(table_of("terms"), !is.na(hazard_ratio) & !is.na(lower) & lower > 0 & upper < 1e6)
for (model in unique(d$model)) save(paste0("forest_", model), ggplot(d[d$model == model, ],
  aes(hazard_ratio, term)) + geom_vline(xintercept = 1, colour = grey) + geom_point() +
  geom_errorbarh(aes(xmin = lower, xmax = upper), height = 0.2) + scale_x_log10() +
  labs(x = "Hazard ratio (95 % CI)", y = NULL), 16)

if (has("roc")) { d <- table_of("roc"); for (basis in unique(d$basis)) save(paste0("roc_", basis),
  ggplot(d[d$basis == basis, ], aes(false_positive, true_positive, colour = model)) + geom_abline(colour = "grey80") +
  geom_step() + coord_equal() + labs(x = "1 - specificity", y = "Sensitivity")) }

if (has("calibration")) { d <- table_of("calibration"); for (model in unique(d$model)) save(paste0("calibration_", model),
  ggplot(d[d$model == model, ], aes(predicted, observed)) + geom_abline(colour = "grey80") + geom_point() +
  geom_errorbar(aes(ymin = lower, ymax = upper), width = 0.02) + geom_point(aes(y = corrected), shape = 4, colour = orange) +
  coord_equal(xlim = c(0, 1), ylim = c(0, 1)) + labs(x = "Predicted survival", y = "Observed survival (x corrected)")) }

if (has("decision")) { d <- table_of("decision"); save("decision", ggplot(d, aes(threshold, net_benefit, colour = model,
  linetype = basis)) + geom_hline(yintercept = 0, colour = grey) + geom_line() + coord_cartesian(ylim = c(-0.1, NA)) +
  labs(x = "Threshold probability", y = "Net benefit"), 14) }

over_time <- function(name, label) if (has(name)) { d <- table_of(name); save(name, ggplot(d, aes(months, value,
  colour = model, linetype = basis)) + geom_line() + labs(x = "Months", y = label), 14) }
over_time("auc", "AUC")
over_time("brier", "Brier score")

if (has("hazards")) { d <- table_of("hazards"); s <- table_of("hazards_smooth")
  for (model in unique(d$model)) { a <- d[d$model == model, ]; b <- s[s$model == model, ]
    head <- function(x) { p <- a$p[match(x, a$term)]; sprintf("%s (P %s)", x, ifelse(is.na(p), "unknown", signif(p, 2))) }
    ticks <- unique(a[order(a$at), c("at", "months")])
    ticks <- ticks[unique(round(seq(1, nrow(ticks), length.out = min(6, nrow(ticks))))), ]
    save(paste0("hazards_", model), ggplot(b, aes(at, smooth)) + facet_wrap(~term, scales = "free_y", labeller = as_labeller(head)) +
      geom_point(data = a, aes(at, residual), shape = 1, size = 1, colour = grey) +
      geom_hline(data = unique(a[c("term", "coefficient")]), aes(yintercept = coefficient), linetype = 2) +
      geom_ribbon(aes(ymin = lower, ymax = upper), alpha = 0.15, fill = blue) + geom_line(colour = blue) +
      scale_x_continuous(breaks = ticks$at, labels = signif(ticks$months, 2)) +
      labs(x = "Months", y = "Coefficient, scaled Schoenfeld residuals"), 16) } }

if (has("icc")) { d <- table_of("icc"); if (nrow(d)) save("icc_distribution", ggplot(d, aes((from + to) / 2, n_features)) +
  geom_col(width = 0.025, fill = blue) + facet_wrap(~comparison, ncol = 1) + labs(x = "ICC", y = "Features")) }

if (has("nomogram")) { d <- table_of("nomogram"); axes <- unique(d$axis); end <- max(d$points[d$axis == "Total points"])
  d$y <- -match(d$axis, axes)
  d$x <- ifelse(d$ruler == "points", d$points / 100, d$points / end)
  points <- data.frame(axis = "Points", tick = seq(0, 100, 10), x = seq(0, 1, 0.1), y = 0)
  d <- rbind(points, d[c("axis", "tick", "x", "y")])
  ends <- do.call(rbind, lapply(split(d, d$axis), function(a) data.frame(axis = a$axis[1], y = a$y[1], low = min(a$x), high = max(a$x))))
  save("nomogram_combined", ggplot(d) + geom_segment(data = ends, aes(low, y, xend = high, yend = y)) +
    geom_segment(aes(x, y, xend = x, yend = y + 0.12)) +
    geom_text(aes(x, y + 0.32, label = signif(tick, 3)), size = 2.4, check_overlap = TRUE) +
    geom_text(data = ends, aes(-0.03, y, label = axis), hjust = 1, size = 2.8) +
    scale_x_continuous(limits = c(-0.55, 1.02)) + theme_void(), 18, 2 + 1.2 * (length(axes) + 1)) }
