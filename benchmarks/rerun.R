# R's side of rerun_r.py: Rscript rerun.R CASE_FOLDER prints, as one JSON line, what R's own functions find on the
# case's inputs, under the keys of expected.json. Random fields (*_MC) and what no package of Debian offers (survcomp,
# the SPSS median, Firth's Cox, net benefit) are left out: their reference was R code of our own, not R's functions.
suppressMessages({ library(survival); library(jsonlite) })
folder <- commandArgs(TRUE)[1]
case <- fromJSON(file.path(folder, "case.json"), simplifyDataFrame = FALSE, simplifyVector = TRUE)
table_of <- function(name) read.csv(file.path(folder, name), check.names = FALSE)
needs <- function(...) for (package in c(...)) suppressMessages(library(package, character.only = TRUE))
bare <- unname

binom <- function() list(cases = lapply(case$cases, function(one) {
  both <- binom.test(one$x, one$n, one$p0)
  greater <- binom.test(one$x, one$n, one$p0, alternative = "greater")
  list(est = bare(both$estimate), cp_lower = both$conf.int[1], cp_upper = both$conf.int[2],
       cp90 = as.numeric(binom.test(one$x, one$n, conf.level = 0.9)$conf.int), p_two = both$p.value,
       p_greater = greater$p.value,
       wilson = as.numeric(suppressWarnings(prop.test(one$x, one$n, correct = FALSE))$conf.int))
}))

samplesize <- function() list(cases = lapply(case$cases, function(one) {
  n <- 5:400
  k <- qbinom(1 - one$alpha, n, one$p0) + 1
  power <- pbinom(k - 1, n, one$p1, lower.tail = FALSE)
  i <- which(power >= one$power)[1]
  list(first_n = n[i], critical_k = k[i], actual_alpha = pbinom(k[i] - 1, n[i], one$p0, lower.tail = FALSE),
       actual_power = power[i], smallest_n_with_power_for_all_larger = max(n[power < one$power]) + 1)
}))

icc <- function() {
  needs("psych")
  rows <- table_of("input.csv")
  of <- function(x) {
    found <- suppressWarnings(psych::ICC(as.data.frame(x), lmer = FALSE))$results
    setNames(lapply(1:6, function(i) list(icc = found$ICC[i], F = found$F[i], df1 = found$df1[i], df2 = found$df2[i],
      p = found$p[i], lower = found$`lower bound`[i], upper = found$`upper bound`[i])), found$type)
  }
  list(features = lapply(split(rows, rows$feature), function(one) list(intra_A1_A2 = of(one[, c("A1", "A2")]),
    inter_A1_B = of(one[, c("A1", "B")]), three = of(one[, c("A1", "A2", "B")]))))
}

findcorr <- function() {
  needs("caret")
  X <- table_of("input.csv")
  z <- scale(X)
  list(runs = lapply(case$runs, function(one) {
    gone <- findCorrelation(cor(X), cutoff = one$cutoff, exact = one$exact, names = TRUE)
    list(cutoff = one$cutoff, exact = one$exact, removed_in_order = as.list(gone), n_kept = ncol(X) - length(gone))
  }), zscore = list(mean = as.list(attr(z, "scaled:center")[1:5]), sd = as.list(attr(z, "scaled:scale")[1:5]),
                    row1 = as.list(z[1, 1:5])))
}

lasso <- function() {
  needs("glmnet")
  X <- as.matrix(table_of("X.csv")); y <- table_of("y.csv"); Y <- Surv(y$time, y$status)
  cv <- suppressWarnings(cv.glmnet(X, Y, family = "cox", foldid = y$foldid))
  list(lambda = cv$lambda, nulldev = cv$glmnet.fit$nulldev, cvm = cv$cvm, cvsd = cv$cvsd, lambda_min = cv$lambda.min,
       lambda_1se = cv$lambda.1se)
}

pipeline <- function() {
  needs("glmnet", "caret")
  X <- table_of("features.csv"); y <- table_of("outcome.csv"); Y <- Surv(y$time, y$status)
  Z <- scale(X)
  gone <- findCorrelation(cor(Z), case$correlation_cutoff)
  cv <- suppressWarnings(cv.glmnet(Z[, -gone], Y, family = "cox", foldid = y$foldid, thresh = 1e-9, maxit = 1e6))
  b <- as.matrix(coef(cv, s = "lambda.min"))[, 1]; b <- b[b != 0]
  score <- bare(drop(Z[, names(b)] %*% b))
  list(n_kept = ncol(X) - length(gone), removed_in_order = as.list(colnames(Z)[gone]), lambda = cv$lambda,
       cvm = cv$cvm, lambda_min = cv$lambda.min, coef = as.list(b), radscore = score,
       c_radscore = bare(concordance(Y ~ score, reverse = TRUE)$concordance))
}

xtile <- function() {
  d <- table_of("input.csv"); x <- d$x; Y <- Surv(d$time, d$status)
  values <- sort(unique(x)); values <- values[-length(values)]
  share <- sapply(values, function(cut) mean(x <= cut))
  values <- values[share >= case$minfrac - 1e-12 & share <= 1 - case$minfrac + 1e-12]
  chisq <- sapply(values, function(cut) survdiff(Y ~ (x > cut))$chisq)
  best <- values[which.max(chisq)]
  found <- survdiff(Y ~ (x > best))
  list(candidates = values, chisq = chisq, best_cut = best, best_chisq = max(chisq),
       naive_p = pchisq(max(chisq), 1, lower.tail = FALSE), n_low = sum(x <= best), n_high = sum(x > best),
       obs = bare(found$obs), exp = bare(found$exp), hr_high = bare(exp(coef(coxph(Y ~ (x > best))))))
}

km <- function() {
  d <- table_of("input.csv"); times <- case$times
  by <- function(type) survfit(Surv(time, status) ~ 1, d, conf.type = type)
  limits <- function(type) { s <- summary(by(type), times = times); list(lower = s$lower, upper = s$upper) }
  quartiles <- function(fit) { q <- quantile(fit, c(.25, .5, .75)); lapply(list(q = q$quantile, lower = q$lower, upper = q$upper), bare) }
  fit <- by("log"); s <- summary(fit, times = times)
  test <- survdiff(Surv(time, status) ~ group, d); peto <- survdiff(Surv(time, status) ~ group, d, rho = 1)
  model <- summary(coxph(Surv(time, status) ~ group, d))
  list(surv = s$surv, std_err = s$std.err, n_risk = s$n.risk, n_event_cum = cumsum(s$n.event), ci_log = limits("log"),
       ci_loglog = limits("log-log"), ci_plain = limits("plain"),
       curve = list(time = fit$time, n_risk = fit$n.risk, n_event = fit$n.event, n_censor = fit$n.censor,
                    surv = fit$surv, se_log = fit$std.err),
       median_log = quartiles(fit), median_loglog = quartiles(by("log-log")), median_plain = quartiles(by("plain")),
       rmean = bare(summary(fit, rmean = "common")$table[c("rmean", "se(rmean)")]),
       logrank = list(chisq = test$chisq, p = pchisq(test$chisq, 1, lower.tail = FALSE), obs = bare(test$obs), exp = bare(test$exp)),
       peto_rho1 = list(chisq = peto$chisq, p = pchisq(peto$chisq, 1, lower.tail = FALSE)),
       hr = list(hr = model$conf.int[1], lower = model$conf.int[3], upper = model$conf.int[4], p = model$coefficients[5]))
}

all_of <- function(d) setdiff(names(d), c("time", "status"))
formula_of <- function(vars) as.formula(paste("Surv(time, status) ~", paste(sprintf("`%s`", vars), collapse = " + ")))
tight <- coxph.control(eps = 1e-12, iter.max = 60)

cox <- function() {
  d <- table_of("input.csv"); vars <- all_of(d)
  one <- function(ties) {
    fit <- coxph(formula_of(vars), d, ties = ties, x = TRUE, control = tight); s <- summary(fit)
    at <- summary(survfit(fit, newdata = d[1:5, ], conf.type = "log"), times = case$u)
    loglog <- summary(survfit(fit, newdata = d[1:5, ], conf.type = "log-log"), times = case$u)
    list(coef = setNames(as.list(bare(coef(fit))), vars), se = bare(s$coefficients[, 3]), z = bare(s$coefficients[, 4]),
         p = bare(s$coefficients[, 5]), hr = bare(s$conf.int[, 1]), lower = bare(s$conf.int[, 3]),
         upper = bare(s$conf.int[, 4]), loglik = fit$loglik, lrt = bare(s$logtest), score = bare(s$sctest),
         vcov = bare(vcov(fit)), pred_S_u = as.numeric(at$surv), pred_S_u_lower_log = as.numeric(at$lower),
         pred_S_u_upper_log = as.numeric(at$upper), pred_S_u_lower_loglog = as.numeric(loglog$lower),
         pred_S_u_upper_loglog = as.numeric(loglog$upper), martingale5 = bare(residuals(fit, "martingale")[1:5]),
         zph = lapply(c("km", "identity", "rank", "log"), function(how) {
           found <- cox.zph(fit, transform = how, terms = FALSE)$table
           list(transform = how, chisq = bare(found[, 1]), df = bare(found[, 2]), p = bare(found[, 3])) }))
  }
  list(efron = one("efron"), breslow = one("breslow"), univariable = lapply(vars, function(v) {
    s <- summary(coxph(formula_of(v), d, control = tight))
    list(var = v, coef = s$coefficients[1], se = s$coefficients[3], hr = s$conf.int[1], lower = s$conf.int[3],
         upper = s$conf.int[4], p = s$coefficients[5]) }))
}

nomogram_step <- function() {
  needs("rms")
  d <- table_of("input.csv"); vars <- all_of(d)
  names(d) <- make.names(names(d))
  options(datadist = "reach"); reach <<- datadist(d)
  fit <- cph(formula_of(make.names(vars)), d, x = TRUE, y = TRUE, surv = TRUE, eps = 1e-10)
  list(coef = setNames(as.list(bare(coef(fit))), vars), center = bare(fit$center))
}

discrimination <- function() {
  d <- table_of("input.csv"); Y <- Surv(d$time, d$status)
  one <- function(x, ...) concordance(Y ~ x, reverse = TRUE, ...)
  told <- function(found) list(c = bare(found$concordance), se = sqrt(bare(drop(found$var))))
  found <- list(survival_concordance = list(m1 = told(one(d$m1)), m2 = told(one(d$m2))),
                uno = list(m1 = told(one(d$m1, timewt = "n/G2", ymax = case$u)), m2 = told(one(d$m2, timewt = "n/G2", ymax = case$u))))
  if (requireNamespace("riskRegression", quietly = TRUE)) {
    needs("riskRegression")
    risk <- function(m) 1 - exp(-0.1 * exp(m - mean(m)))
    A <- Score(list(m1 = risk(d$m1), m2 = risk(d$m2)), formula = Surv(time, status) ~ 1, data = d, times = case$u,
               metrics = "auc", cens.model = "km", se.fit = TRUE, conf.int = TRUE, contrasts = TRUE, null.model = FALSE)$AUC
    found$auc_u <- list(auc = A$score$AUC, se = A$score$se, delta = A$contrasts$delta.AUC, delta_se = A$contrasts$se,
                        delta_p = A$contrasts$p)
  }
  found
}

brier <- function() {
  needs("pec")
  d <- table_of("input.csv")
  S <- lapply(c("surv_m1.csv", "surv_m2.csv"), function(name) as.matrix(table_of(name)))
  found <- pec(list(m1 = S[[1]], m2 = S[[2]]), formula = Surv(time, status) ~ 1, data = d, times = case$grid, start = 0,
               exact = FALSE, cens.model = "marginal", splitMethod = "none", verbose = FALSE)$AppErr
  list(brier_ref = bare(found$Reference), brier_m1 = bare(found$m1), brier_m2 = bare(found$m2))
}

calibration <- function() {
  d <- table_of("input.csv"); vars <- all_of(d); fit <- coxph(formula_of(vars), d, x = TRUE, control = tight)
  S <- as.numeric(summary(survfit(fit, newdata = d), times = case$u)$surv)
  thirds <- lapply(split(seq_along(S), ceiling(3 * rank(S, ties.method = "first") / length(S))), function(i) {
    at <- summary(survfit(Surv(time, status) ~ 1, d[i, ]), times = case$u, extend = TRUE)
    list(n = length(i), mean_pred = mean(S[i]), km = at$surv, se = at$std.err) })
  list(predicted_S = S, det_boot = list(c_apparent = bare(fit$concordance["concordance"])), tertiles = bare(thirds))
}

table1 <- function() {
  d <- table_of("input.csv"); vars <- all_of(d); g <- d$status
  continuous <- lapply(vars, function(v) {
    x <- d[[v]]; shapiro <- shapiro.test(x)
    wilcoxon <- suppressWarnings(wilcox.test(x ~ g, exact = FALSE, correct = TRUE)); welch <- t.test(x ~ g)
    quartiles <- function(type) bare(quantile(x, c(.25, .5, .75), type = type))
    ks <- suppressWarnings(ks.test(x, "pnorm", mean(x), sd(x)))
    c(list(var = v, n = length(x), mean = mean(x), sd = sd(x), q_type7_R = quartiles(7), q_type6_SPSS = quartiles(6),
         ks_D = bare(ks$statistic), ks_p = ks$p.value, shapiro_W = bare(shapiro$statistic), shapiro_p = shapiro$p.value,
         wilcox_W = bare(wilcoxon$statistic), wilcox_p = wilcoxon$p.value, welch_t = bare(welch$statistic),
         welch_p = welch$p.value, t_p = t.test(x ~ g, var.equal = TRUE)$p.value),
      if (requireNamespace("nortest", quietly = TRUE)) {
        lilliefors <- nortest::lillie.test(x)
        list(lillie_D = bare(lilliefors$statistic), lillie_p = lilliefors$p.value) })
  })
  square <- table(as.integer(d[[vars[1]]] > median(d[[vars[1]]])), g)
  plain <- suppressWarnings(chisq.test(square, correct = FALSE)); exact <- fisher.test(square)
  list(continuous = continuous, twobytwo = list(pearson = bare(plain$statistic), pearson_p = plain$p.value,
    yates_p = suppressWarnings(chisq.test(square))$p.value, fisher_p = exact$p.value, fisher_or = bare(exact$estimate)))
}

steps <- list(binom = binom, brier = brier, calibration = calibration, cox = cox, discrimination = discrimination,
              findcorr = findcorr, icc = icc, km = km, lasso = lasso, nomogram = nomogram_step, pipeline = pipeline,
              samplesize = samplesize, table1 = table1, xtile = xtile)
run <- steps[[case$step]]
found <- if (is.null(run)) NULL else run()
packages <- c("survival", "glmnet", "caret", "rms", "psych", "pec", "riskRegression", "nortest")
used <- Filter(function(package) package %in% loadedNamespaces(), packages)
cat(toJSON(list(R = as.character(getRversion()), packages = sapply(used, function(p) as.character(packageVersion(p))) |> as.list(),
                found = found), digits = I(15), auto_unbox = TRUE, na = "null", null = "null"), "\n")
