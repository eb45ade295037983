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

for (name in c("nomogram_combined", "nomogram_clinical", "nomogram_radiomics")) if (has(name)) {
  d <- table_of(name); axes <- unique(d$axis); end <- max(d$points[d$axis == "Total points"])
  d$y <- -match(d$axis, axes)
  d$x <- ifelse(d$ruler == "points", d$points / 100, d$points / end)
  points <- data.frame(axis = "Points", tick = seq(0, 100, 10), x = seq(0, 1, 0.1), y = 0)
  d <- rbind(points, d[c("axis", "tick", "x", "y")])
  ends <- do.call(rbind, lapply(split(d, d$axis), function(a) data.frame(axis = a$axis[1], y = a$y[1], low = min(a$x), high = max(a$x))))
  save(name, ggplot(d) + geom_segment(data = ends, aes(low, y, xend = high, yend = y)) +
    geom_segment(aes(x, y, xend = x, yend = y + 0.12)) +
    geom_text(aes(x, y + 0.32, label = signif(tick, 3)), size = 2.4, check_overlap = TRUE) +
    geom_text(data = ends, aes(-0.03, y, label = axis), hjust = 1, size = 2.8) +
    scale_x_continuous(limits = c(-0.55, 1.02)) + theme_void(), 18, 2 + 1.2 * (length(axes) + 1)) }

# Survival of a part of the patients at the horizon, with limits.
observed <- function(part, month) { at <- summary(survfit(Surv(time_months, event) ~ 1, part, conf.type = "log"), times = month, extend = TRUE)
  data.frame(observed = at$surv, lower = at$lower, upper = at$upper) }

if (has("predicted_out_of_fold")) { d <- table_of("predicted_out_of_fold"); month <- table_of("horizon")$months
  for (model in unique(d$model)) { a <- d[d$model == model, ]; if (nrow(a) < 6) next
    a <- a[order(a$survival), ]; sizes <- diff(round(seq(0, nrow(a), length.out = 4)))
    g <- do.call(rbind, lapply(split(a, rep(1:3, sizes)), function(part) cbind(predicted = mean(part$survival), observed(part, month))))
    save(paste0("calibration_out_of_fold_", model), ggplot(g, aes(predicted, observed)) + geom_abline(colour = "grey80") +
      geom_point() + geom_errorbar(aes(ymin = lower, ymax = upper), width = 0.02) + geom_rug(data = a, aes(survival), inherit.aes = FALSE) +
      coord_equal(xlim = c(0, 1), ylim = c(0, 1)) + labs(x = "Predicted survival, out of fold", y = "Observed survival")) } }

d <- table_of("patients")
if (has("cutoffs")) { cuts <- table_of("cutoffs"); cut <- cuts$cut[cuts$which == "one"]
  tried <- utils::head(sort(unique(d$rad_score)), -1); share <- sapply(tried, function(x) mean(d$rad_score <= x))
  tried <- tried[share >= 0.1 & share <= 0.9]
  chisq <- sapply(tried, function(x) survdiff(Surv(time_months, event) ~ (rad_score > x), d)$chisq)
  save("cut_search", ggplot(data.frame(tried, chisq), aes(tried, chisq)) + geom_line(colour = "grey70") + geom_point(colour = blue) +
    geom_vline(xintercept = cut, linetype = 2, colour = orange) + geom_hline(yintercept = 3.84, linetype = 3) +
    labs(x = "Rad-score cut-off tried (high is above)", y = "Log-rank chi-square"))
  d$group <- factor(ifelse(d$rad_score > cut, "HIGH", "LOW"), c("LOW", "HIGH"))
  save("score_bars", ggplot(d, aes(reorder(number, rad_score), rad_score - cut, fill = group, alpha = factor(event))) + geom_col() +
    scale_fill_manual(values = c(LOW = blue, HIGH = orange)) + scale_alpha_manual(values = c("0" = 0.4, "1" = 1)) +
    theme(axis.text.x = element_blank(), axis.ticks.x = element_blank()) +
    labs(x = "Patients", y = "Rad-score less the cut-off", fill = "Risk", alpha = "Event"), 16)
  if (all(c("low", "high") %in% cuts$which)) {
    ends <- c(-Inf, cuts$cut[cuts$which == "low"], cuts$cut[cuts$which == "high"], Inf)
    d$band <- cut(d$rad_score, ends, c("low", "middle", "high"))
    steps <- do.call(rbind, lapply(split(d, d$band, drop = TRUE), function(part) {
      fit <- survfit(Surv(time_months, event) ~ 1, part)
      data.frame(band = part$band[1], time = c(0, fit$time), survival = c(1, fit$surv)) }))
    save("km_three", ggplot(steps, aes(time, survival, colour = band, linetype = band)) + geom_step() + ylim(0, 1) +
      scale_colour_manual(values = c(low = blue, middle = "#009E73", high = orange)) +
      labs(x = "Months", y = "Survival", subtitle = "two cut-offs, shown only: cards use the one")) } }

if (has("selection_frequency")) { d <- table_of("selection_frequency")
  for (of in unique(d$of)) { a <- utils::head(d[d$of == of, ], 30)
    name <- ifelse(of == "resamples", "selection_frequency", "fold_draw_frequency")
    save(name, ggplot(a, aes(share, reorder(feature, share))) + geom_col(fill = blue) + xlim(0, 1) +
      labs(x = paste("Share of", of, "that select it"), y = NULL), 18, 3 + 0.5 * nrow(a)) } }

if (has("lasso_path")) { d <- table_of("lasso_path"); if (nrow(d)) save("lasso_path", ggplot(d, aes(log(lambda), coefficient, colour = feature)) +
  geom_line() + geom_vline(xintercept = log(table_of("lasso_cv")$lambda_min[1]), linetype = 2) + scale_colour_discrete() +
  labs(x = "log lambda", y = "Coefficient", colour = NULL) + theme(legend.position = "bottom", legend.direction = "vertical"), 16, 14) }

heat <- c("#053061", "#4393C3", "#F7F7F7", "#D6604D", "#67001F")
if (has("correlation")) { m <- as.matrix(table_of("correlation")); p <- ncol(m)
  d <- data.frame(row = rep(seq_len(p), p), column = rep(seq_len(p), each = p), r = as.vector(m))
  save("correlation", ggplot(d, aes(column, row, fill = r)) + geom_raster() + scale_y_reverse(expand = c(0, 0)) +
    scale_x_continuous(expand = c(0, 0)) + coord_equal() + scale_fill_gradientn(colours = heat, limits = c(-1, 1)) +
    labs(x = "Feature", y = "Feature", fill = "Pearson r"), 14, 12) }

if (has("icc_features")) { d <- table_of("icc_features")
  d$class <- cut(d$icc, c(-Inf, 0.5, 0.75, 0.9, Inf), c("below 0.5", "0.5 to 0.75", "0.75 to 0.9", "above 0.9"))
  for (one in unique(d$comparison)) { a <- d[d$comparison == one, ]
    save(paste0("icc_", one), ggplot(a, aes(factor(filter, unique(d$filter)), feature, fill = class)) + geom_tile() +
      geom_point(aes(x = as.numeric(factor(filter, unique(d$filter))) - 0.5 + pmin(pmax(lower, 0), 1)), shape = "|", size = 1, na.rm = TRUE) +
      facet_grid(family ~ ., scales = "free_y", space = "free_y") +
      scale_fill_manual(values = c("below 0.5" = orange, "0.5 to 0.75" = "#F4B183", "0.75 to 0.9" = "#A6CEE3", "above 0.9" = blue), na.value = "grey85") +
      theme(axis.text.y = element_blank(), axis.ticks.y = element_blank(), axis.text.x = element_text(angle = 60, hjust = 1)) +
      labs(x = NULL, y = NULL, fill = "ICC; stroke: lower limit"), 20, 24) } }

d <- table_of("performance")
if (nrow(d)) { long <- rbind(data.frame(d[c("model", "measure")], figure = "nested", value = d$nested, lower = d$lower, upper = d$upper),
    data.frame(d[c("model", "measure")], figure = "corrected (.632+)", value = d$corrected_632, lower = NA, upper = NA),
    data.frame(d[c("model", "measure")], figure = "apparent", value = d$apparent, lower = NA, upper = NA),
    data.frame(d[c("model", "measure")], figure = "95 % of noise", value = d$noise_95, lower = NA, upper = NA))
  save("performance", ggplot(long, aes(value, model, shape = figure, colour = figure)) + geom_vline(xintercept = 0.5, colour = grey) +
    geom_errorbarh(aes(xmin = lower, xmax = upper), height = 0.2, na.rm = TRUE) + geom_point(size = 2, na.rm = TRUE) +
    facet_wrap(~measure) + scale_shape_manual(values = c("nested" = 18, "corrected (.632+)" = 15, "apparent" = 1, "95 % of noise" = 4)) +
    labs(x = NULL, y = NULL, colour = NULL, shape = NULL), 18) }

d <- table_of("differences")
if (nrow(d)) save("differences", ggplot(d, aes(difference, paste(second, "against", first), shape = basis, colour = basis)) +
  geom_vline(xintercept = 0, colour = grey) + geom_point(position = position_dodge(0.5)) +
  geom_errorbarh(aes(xmin = lower, xmax = upper), height = 0.2, position = position_dodge(0.5)) + facet_wrap(~measure) +
  labs(x = "Difference", y = NULL, colour = NULL, shape = NULL), 18)

if (has("reader_interval")) { d <- table_of("reader_interval")
  d$place <- ave(d$survival, d$comparison, FUN = function(x) rank(x, ties.method = "first"))
  if (nrow(d)) save("reader_interval", ggplot(d, aes(place, survival)) + geom_errorbar(aes(ymin = lower, ymax = upper), colour = "grey70", width = 0) +
  geom_point(aes(colour = flip), size = 1) + facet_wrap(~comparison) + ylim(0, 1) + scale_colour_gradient(low = blue, high = orange) +
  labs(x = "Patients", y = "Predicted survival, 95 % of other readings", colour = "Group flips"), 16) }
