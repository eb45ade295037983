/* The LASSO path of a Cox model by coordinate descent.
 *
 * The algorithm and its stopping rules are those published for glmnet: Simon, Friedman, Hastie and Tibshirani,
 * "Regularization Paths for Cox's Proportional Hazards Model via Coordinate Descent", J Stat Softw 39(5), 2011,
 * with sequential strong rules (Tibshirani et al., J R Stat Soc B 74, 2012): a quadratic approximation of the
 * Breslow partial likelihood with its diagonal Hessian, cycles over the active set until the largest weighted
 * squared change falls below thresh * null deviance, then a new approximation.
 *
 * All sums run in one fixed order, so that machines can differ only by the last place of their exp and log.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A machine with wide vectors uses them; the sums run in the same order with and without. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#define LANES 8
#define ETA_LIMIT 700.0
#define MIN_LAMBDAS 5
#define MIN_RELATIVE_GAIN 1e-3
#define MAX_DEVIANCE_RATIO 0.99

enum outcome { COMPLETE = 0, PASSES_EXHAUSTED = 1, WEIGHT_VANISHED = 2, CANNOT_ALLOCATE = 3 };

typedef struct {
    Py_ssize_t n, p, n_groups;
    const double *x;            /* p rows of n values: standardised, patients by rising time */
    const long long *group_end; /* patients of group k end here; a group is an event time up to the next */
    const double *deaths;       /* events per group, over all patients' number */
    const double *event;        /* per patient: 1 / N or 0 */
    double weight;              /* 1 / N */
} Data;

typedef struct {
    double *w, *wr;       /* diagonal Hessian and working residual per patient */
    double *eta, *risk;   /* linear predictor, weight * exp(eta) */
    double *at_risk;      /* per group */
    double *a, *previous, *v, *gradient;
    Py_ssize_t *active;   /* in order of entry */
    Py_ssize_t n_active;
    unsigned char *strong, *entered;
} State;

static double folded(const double *lanes)
{
    return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

WIDE static double dot(const double *restrict a, const double *restrict b, Py_ssize_t n)
{
    double lanes[LANES] = {0};
    Py_ssize_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        lanes[0] += a[i] * b[i];
    return folded(lanes);
}

WIDE static double weighted_square(const double *restrict w, const double *restrict x, Py_ssize_t n)
{
    double lanes[LANES] = {0};
    Py_ssize_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; k++)
            lanes[k] += w[i + k] * x[i + k] * x[i + k];
    for (; i < n; i++)
        lanes[0] += w[i] * x[i] * x[i];
    return folded(lanes);
}

/* target += scale * x */
WIDE static void add_scaled(double *restrict target, const double *restrict x, double scale, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        target[i] += scale * x[i];
}

/* residual -= change * w * x */
WIDE static void take_out(double *restrict residual, const double *restrict w, const double *restrict x, double change,
                          Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        residual[i] -= change * w[i] * x[i];
}

static void sum_at_risk(const Data *d, State *s)
{
    double total = 0;
    for (Py_ssize_t k = d->n_groups - 1; k >= 0; k--) {
        Py_ssize_t from = k ? (Py_ssize_t)d->group_end[k - 1] : 0;
        for (Py_ssize_t i = (Py_ssize_t)d->group_end[k] - 1; i >= from; i--)
            total += s->risk[i];
        s->at_risk[k] = total;
    }
}

static double partial_loglik(const Data *d, State *s)
{
    double value = dot(d->event, s->eta, d->n);
    sum_at_risk(d, s);
    for (Py_ssize_t k = 0; k < d->n_groups; k++)
        value -= d->deaths[k] * log(s->at_risk[k]);
    return value;
}

/* Return 0 where a patient's Hessian weight vanishes: the model fits somebody perfectly. */
static int approximate(const Data *d, State *s)
{
    double hazard = 0, square = 0;
    Py_ssize_t i = 0;
    for (Py_ssize_t j = 0; j < d->n; j++) {
        double eta = s->eta[j];
        s->risk[j] = d->weight * exp(eta > ETA_LIMIT ? ETA_LIMIT : eta < -ETA_LIMIT ? -ETA_LIMIT : eta);
    }
    sum_at_risk(d, s);
    for (Py_ssize_t k = 0; k < d->n_groups; k++) {
        hazard += d->deaths[k] / s->at_risk[k];
        square += d->deaths[k] / (s->at_risk[k] * s->at_risk[k]);
        for (; i < (Py_ssize_t)d->group_end[k]; i++) {
            s->w[i] = s->risk[i] * (hazard - s->risk[i] * square);
            if (!(s->w[i] > 0))
                return 0;
            s->wr[i] = d->event[i] - s->risk[i] * hazard;
        }
    }
    return 1;
}

/* Update one coefficient; return its weighted squared change. */
static double update(const Data *d, State *s, Py_ssize_t j, double lambda)
{
    const double *x = d->x + j * d->n;
    double u = s->a[j] * s->v[j] + dot(s->wr, x, d->n);
    double size = fabs(u) - lambda;
    double next = size > 0 ? copysign(size, u) / s->v[j] : 0.0;
    double change = next - s->a[j];
    if (change == 0)
        return 0;
    s->a[j] = next;
    take_out(s->wr, s->w, x, change, d->n);
    if (!s->entered[j]) {
        s->entered[j] = 1;
        s->active[s->n_active++] = j;
    }
    return s->v[j] * change * change;
}

/* Cycle until the changes are small; return 0 when the passes are used up. */
static int descend(const Data *d, State *s, double lambda, double limit, long long *passes, long long max_passes)
{
    for (;;) {
        double largest = 0;
        ++*passes;
        for (Py_ssize_t j = 0; j < d->p; j++) {
            if (s->strong[j]) {
                double change = update(d, s, j, lambda);
                largest = change > largest ? change : largest;
            }
        }
        if (largest < limit)
            return 1;
        do {
            if (*passes > max_passes)
                return 0;
            largest = 0;
            ++*passes;
            for (Py_ssize_t l = 0; l < s->n_active; l++) {
                double change = update(d, s, s->active[l], lambda);
                largest = change > largest ? change : largest;
            }
        } while (largest >= limit);
        if (*passes > max_passes)
            return 0;
    }
}

/* Linear predictors anew from the coefficients: cheaper than to follow every small change of one. */
static void predict(const Data *d, State *s)
{
    memset(s->eta, 0, (size_t)d->n * sizeof(double));
    for (Py_ssize_t l = 0; l < s->n_active; l++)
        if (s->a[s->active[l]] != 0)
            add_scaled(s->eta, d->x + s->active[l] * d->n, s->a[s->active[l]], d->n);
}

static void curvature(const Data *d, State *s)
{
    for (Py_ssize_t j = 0; j < d->p; j++)
        if (s->strong[j])
            s->v[j] = weighted_square(s->w, d->x + j * d->n, d->n);
}

/* Solve for one lambda from the solution before. */
static enum outcome solve(const Data *d, State *s, double lambda, double limit, long long *passes, long long max_passes)
{
    for (;;) {
        int again = 0;
        memcpy(s->previous, s->a, (size_t)d->p * sizeof(double));
        curvature(d, s);
        if (!descend(d, s, lambda, limit, passes, max_passes))
            return PASSES_EXHAUSTED;
        predict(d, s);
        if (!approximate(d, s))
            return WEIGHT_VANISHED;
        for (Py_ssize_t l = 0; l < s->n_active && !again; l++) {
            Py_ssize_t j = s->active[l];
            double change = s->a[j] - s->previous[j];
            again = s->v[j] * change * change >= limit;
        }
        if (again)
            continue;
        for (Py_ssize_t j = 0; j < d->p; j++) {
            if (s->strong[j])
                continue;
            s->gradient[j] = fabs(dot(s->wr, d->x + j * d->n, d->n));
            if (s->gradient[j] > lambda)
                again = s->strong[j] = 1;
        }
        if (!again)
            return COMPLETE;
    }
}

static int allocate(State *s, Py_ssize_t n, Py_ssize_t p, Py_ssize_t n_groups)
{
    size_t doubles = (size_t)(4 * n + n_groups + 4 * p);
    double *block = calloc(doubles, sizeof(double));
    memset(s, 0, sizeof *s);
    s->w = block;
    s->active = calloc((size_t)p, sizeof(Py_ssize_t));
    s->strong = calloc((size_t)p, 2);
    if (!block || !s->active || !s->strong)
        return 0;
    s->wr = block + n;
    s->eta = s->wr + n;
    s->risk = s->eta + n;
    s->at_risk = s->risk + n;
    s->a = s->at_risk + n_groups;
    s->previous = s->a + p;
    s->v = s->previous + p;
    s->gradient = s->v + p;
    s->entered = s->strong + p;
    return 1;
}

static void release(State *s)
{
    free(s->w);
    free(s->active);
    free(s->strong);
}

typedef struct {
    Py_ssize_t n_lambdas;
    double *lambdas; /* given, or filled from lambda_max down by `ratio` when ratio > 0 */
    double ratio, thresh;
    long long max_passes;
    double *coef, *deviance_ratio; /* n_lambdas x p, n_lambdas */
} Path;

static enum outcome run(const Data *d, Path *path, Py_ssize_t *n_fitted, long long *passes)
{
    State s;
    enum outcome outcome = COMPLETE;
    double start, null_deviance, limit, previous_lambda = 0;
    *n_fitted = 0;
    *passes = 0;
    if (!allocate(&s, d->n, d->p, d->n_groups)) {
        release(&s);
        return CANNOT_ALLOCATE;
    }
    if (!approximate(d, &s)) {
        release(&s);
        return WEIGHT_VANISHED;
    }
    start = partial_loglik(d, &s);
    null_deviance = -start;
    for (Py_ssize_t k = 0; k < d->n_groups; k++)
        if (d->deaths[k] > 0)
            null_deviance -= d->deaths[k] * log(d->deaths[k]);
    limit = path->thresh * null_deviance;
    for (Py_ssize_t j = 0; j < d->p; j++) {
        s.gradient[j] = fabs(dot(s.wr, d->x + j * d->n, d->n));
        if (path->ratio > 0 && s.gradient[j] > previous_lambda)
            previous_lambda = s.gradient[j];
    }
    for (Py_ssize_t l = 0; l < path->n_lambdas; l++) {
        double lambda, gain;
        if (path->ratio > 0)
            path->lambdas[l] = l ? path->lambdas[l - 1] * path->ratio : previous_lambda;
        lambda = path->lambdas[l];
        for (Py_ssize_t j = 0; j < d->p; j++)
            if (s.gradient[j] > 2 * lambda - previous_lambda)
                s.strong[j] = 1;
        previous_lambda = lambda;
        if (path->ratio <= 0 || l > 0) { /* at lambda_max itself nothing enters, whatever the rounding */
            outcome = solve(d, &s, lambda, limit, passes, path->max_passes);
            if (outcome != COMPLETE)
                break;
        }
        memcpy(path->coef + l * d->p, s.a, (size_t)d->p * sizeof(double));
        path->deviance_ratio[l] = null_deviance > 0 ? (partial_loglik(d, &s) - start) / null_deviance : 0;
        *n_fitted = l + 1;
        if (path->ratio <= 0 || l + 1 < MIN_LAMBDAS)
            continue;
        gain = path->deviance_ratio[l] - path->deviance_ratio[l + 1 - MIN_LAMBDAS];
        if (gain < MIN_RELATIVE_GAIN * path->deviance_ratio[l] || path->deviance_ratio[l] > MAX_DEVIANCE_RATIO)
            break;
    }
    release(&s);
    return outcome;
}

typedef struct {
    PyObject *source;
    Py_buffer view;
    const char *what;
    Py_ssize_t bytes;
    int writable;
} Argument;

static int take(Argument *arguments, int count)
{
    for (int i = 0; i < count; i++) {
        Argument *a = &arguments[i];
        int flags = PyBUF_C_CONTIGUOUS | (a->writable ? PyBUF_WRITABLE : 0);
        int got = PyObject_GetBuffer(a->source, &a->view, flags) == 0;
        if (got && a->view.len == a->bytes)
            continue;
        if (got) {
            PyErr_Format(PyExc_ValueError, "%s has %zd bytes, expected %zd", a->what, a->view.len, a->bytes);
            PyBuffer_Release(&a->view);
        }
        while (i--)
            PyBuffer_Release(&arguments[i].view);
        return 0;
    }
    return 1;
}

static int groups_are_sound(const long long *end, Py_ssize_t n_groups, Py_ssize_t n)
{
    long long last = 0;
    for (Py_ssize_t k = 0; k < n_groups; k++) {
        if (end[k] <= last || end[k] > n)
            return 0;
        last = end[k];
    }
    return last == n;
}

PyDoc_STRVAR(lasso_path_doc,
    "lasso_path(sizes, x, group_end, deaths, event, weight, lambdas, ratio, thresh, max_passes, coef, deviance_ratio)"
    "\n--\n\n"
    "`sizes` are (patients, columns, groups, lambdas).\n"
    "Fill `coef` (n_lambdas, p) and `deviance_ratio` (n_lambdas,), and `lambdas` when ratio > 0.\n"
    "Return (lambdas fitted, passes made, outcome): 0 complete, 1 passes used up, 2 a weight vanished.");

static PyObject *lasso_path(PyObject *module, PyObject *args)
{
    PyObject *x, *group_end, *deaths, *event, *lambdas, *coef, *deviance_ratio;
    Py_ssize_t n, p, n_groups, n_fitted = 0;
    long long passes = 0;
    Data data;
    Path path;
    enum outcome outcome;
    (void)module;
    if (!PyArg_ParseTuple(args, "(nnnn)OOOOdOddLOO", &n, &p, &n_groups, &path.n_lambdas, &x, &group_end, &deaths,
                          &event, &data.weight, &lambdas, &path.ratio, &path.thresh, &path.max_passes, &coef,
                          &deviance_ratio))
        return NULL;
    if (n < 1 || p < 1 || n_groups < 1 || path.n_lambdas < 1 || n > PY_SSIZE_T_MAX / 8 / p
        || p > PY_SSIZE_T_MAX / 8 / path.n_lambdas) {
        PyErr_SetString(PyExc_ValueError, "sizes must be positive");
        return NULL;
    }
    Argument arguments[] = {
        {x, {0}, "x", n * p * 8, 0},
        {group_end, {0}, "group_end", n_groups * 8, 0},
        {deaths, {0}, "deaths", n_groups * 8, 0},
        {event, {0}, "event", n * 8, 0},
        {lambdas, {0}, "lambdas", path.n_lambdas * 8, 1},
        {coef, {0}, "coef", path.n_lambdas * p * 8, 1},
        {deviance_ratio, {0}, "deviance_ratio", path.n_lambdas * 8, 1},
    };
    int count = (int)(sizeof arguments / sizeof *arguments);
    if (!take(arguments, count))
        return NULL;
    data.n = n;
    data.p = p;
    data.n_groups = n_groups;
    data.x = arguments[0].view.buf;
    data.group_end = arguments[1].view.buf;
    data.deaths = arguments[2].view.buf;
    data.event = arguments[3].view.buf;
    path.lambdas = arguments[4].view.buf;
    path.coef = arguments[5].view.buf;
    path.deviance_ratio = arguments[6].view.buf;
    int sound = groups_are_sound(data.group_end, n_groups, n);
    if (sound) {
        Py_BEGIN_ALLOW_THREADS
        outcome = run(&data, &path, &n_fitted, &passes);
        Py_END_ALLOW_THREADS
    }
    for (int i = 0; i < count; i++)
        PyBuffer_Release(&arguments[i].view);
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "group_end must rise to n");
        return NULL;
    }
    if (outcome == CANNOT_ALLOCATE)
        return PyErr_NoMemory();
    return Py_BuildValue("nLi", n_fitted, passes, (int)outcome);
}

static PyMethodDef methods[] = {
    {"lasso_path", lasso_path, METH_VARARGS, lasso_path_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_coxnet", "Coordinate descent for the LASSO path of a Cox model.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__coxnet(void);

PyMODINIT_FUNC PyInit__coxnet(void)
{
    return PyModule_Create(&module);
}
