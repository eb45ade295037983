/* The second largest eigenvalue behind GLCM's maximal correlation coefficient, for each direction.
 *
 * PyRadiomics 3.0.1 takes the eigenvalues of Q(i, j) = sum over k of P(i, k) P(j, k) / (p(i) p(k) + epsilon). Without
 * epsilon Q is similar to the square of the symmetric S(i, k) = P(i, k) / sqrt(p(i) p(k)), whose largest eigenvalue
 * is 1. The vector of the next one comes from Lanczos' method on S (Golub and Van Loan, Matrix Computations, 10.1,
 * full reorthogonalisation); its Rayleigh quotient with Q itself brings in epsilon. Where levels fall into groups
 * without neighbours in common, 1 is more than once an eigenvalue: epsilon alone then tells which is second.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STEPS 300
#define MAX_RESTARTS 20
#define FIRST_LOOK 8
#define LOOK_EVERY 4
#define SMALL_RESIDUAL 1e-8

typedef struct {
    Py_ssize_t n, entries;       /* levels; entries of this direction */
    const int32_t *row, *column, *count;
    Py_ssize_t *first;           /* entries of a row: first[i] to first[i + 1] */
    double total, *p, *root;     /* marginal probabilities and their square roots */
    double *s;                   /* S, entry by entry */
    Py_ssize_t *group;
    Py_ssize_t n_groups, present;
} Direction;

typedef struct {
    double *basis; /* the known first eigenvector, then MAX_STEPS + 1 of Lanczos */
    double alpha[MAX_STEPS], beta[MAX_STEPS], ritz[MAX_STEPS], diagonal[MAX_STEPS];
    double *vector, *product;
} Work;

static double dot(const double *a, const double *b, Py_ssize_t n)
{
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    Py_ssize_t i = 0;
    for (; i + 4 <= n; i += 4) {
        s0 += a[i] * b[i];
        s1 += a[i + 1] * b[i + 1];
        s2 += a[i + 2] * b[i + 2];
        s3 += a[i + 3] * b[i + 3];
    }
    for (; i < n; i++)
        s0 += a[i] * b[i];
    return (s0 + s1) + (s2 + s3);
}

static Py_ssize_t find(Py_ssize_t *group, Py_ssize_t i)
{
    while (group[i] != i) {
        group[i] = group[group[i]];
        i = group[i];
    }
    return i;
}

/* Marginals, S, and groups of rows that share a column. */
static void prepare(Direction *d)
{
    d->total = 0;
    d->n_groups = d->present = 0;
    for (Py_ssize_t i = 0; i < d->n; i++)
        d->p[i] = 0;
    for (Py_ssize_t i = 0, k = 0; i < d->n; i++) {
        d->first[i] = k;
        for (; k < d->entries && d->row[k] == i; k++)
            d->p[i] += d->count[k];
        d->first[i + 1] = k;
        d->total += d->p[i];
        d->group[i] = i;
    }
    for (Py_ssize_t i = 0; i < d->n; i++) {
        d->p[i] /= d->total;
        d->root[i] = sqrt(d->p[i]);
    }
    for (Py_ssize_t i = 0; i < d->n; i++)
        for (Py_ssize_t k = d->first[i]; k < d->first[i + 1]; k++) {
            d->s[k] = d->count[k] / d->total / (d->root[i] * d->root[d->column[k]]);
            d->group[find(d->group, d->column[k])] = find(d->group, d->column[d->first[i]]);
        }
    for (Py_ssize_t i = 0; i < d->n; i++)
        if (d->p[i] > 0) {
            d->present++;
            d->n_groups += find(d->group, i) == i;
        }
}

/* A group's eigenvalue is 1 but for epsilon. Return the second largest; `above` and `below` take a value a level. */
static double second_of_groups(const Direction *d, double *above, double *below)
{
    double first = -1, second = -1;
    memset(above, 0, (size_t)d->n * sizeof(double));
    memset(below, 0, (size_t)d->n * sizeof(double));
    for (Py_ssize_t i = 0; i < d->n; i++) {
        Py_ssize_t g = find(d->group, i);
        below[g] += d->p[i];
        for (Py_ssize_t k = d->first[i]; k < d->first[i + 1]; k++) {
            double product = d->p[i] * d->p[d->column[k]];
            above[g] += product * (d->count[k] / d->total) / (product + DBL_EPSILON);
        }
    }
    for (Py_ssize_t g = 0; g < d->n; g++) {
        double value = below[g] > 0 ? above[g] / below[g] : -1;
        if (value > first) {
            second = first;
            first = value;
        } else if (value > second)
            second = value;
    }
    return second;
}

static void multiply(const Direction *d, const double *x, double *y)
{
    for (Py_ssize_t i = 0; i < d->n; i++) {
        double s0 = 0, s1 = 0;
        Py_ssize_t k = d->first[i], end = d->first[i + 1];
        for (; k + 2 <= end; k += 2) {
            s0 += d->s[k] * x[d->column[k]];
            s1 += d->s[k + 1] * x[d->column[k + 1]];
        }
        if (k < end)
            s0 += d->s[k] * x[d->column[k]];
        y[i] = s0 + s1;
    }
}

/* Take from `x` its part along the first `count` vectors of the basis. */
static void orthogonalise(const double *basis, Py_ssize_t count, Py_ssize_t n, double *x)
{
    for (Py_ssize_t b = 0; b < count; b++) {
        double along = dot(basis + b * n, x, n);
        for (Py_ssize_t i = 0; i < n; i++)
            x[i] -= along * basis[b * n + i];
    }
}

static double scale_to_one(double *x, Py_ssize_t n)
{
    double length = sqrt(dot(x, x, n));
    if (length > 0)
        for (Py_ssize_t i = 0; i < n; i++)
            x[i] /= length;
    return length;
}

/* How many eigenvalues of sign * T lie above x, T tridiagonal of `steps` rows. */
static int has_above(const Work *w, Py_ssize_t steps, double sign, double x)
{
    double pivot = sign * w->alpha[0] - x;
    for (Py_ssize_t k = 1; k < steps; k++) {
        if (pivot >= 0)
            return 1;
        pivot = sign * w->alpha[k] - x - w->beta[k - 1] * w->beta[k - 1] / pivot;
    }
    return pivot >= 0;
}

/* The largest eigenvalue of sign * T, by bisection; all lie within [-1, 1]. */
static double largest(const Work *w, Py_ssize_t steps, double sign)
{
    double low = -1 - 1e-9, high = 1 + 1e-9;
    while (high - low > 4e-16) {
        double middle = (low + high) / 2;
        if (middle <= low || middle >= high)
            break;
        if (has_above(w, steps, sign, middle))
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* The eigenvector of sign * T to its largest eigenvalue, into w->ritz, by inverse iteration from above. */
static void tridiagonal_vector(Work *w, Py_ssize_t steps, double sign, double value)
{
    double shift = value + 1e-14, length;
    for (Py_ssize_t k = 0; k < steps; k++)
        w->ritz[k] = 1;
    for (int round = 0; round < 3; round++) {
        for (Py_ssize_t k = 0; k < steps; k++) {
            double before = k ? sign * w->beta[k - 1] / w->diagonal[k - 1] : 0;
            w->diagonal[k] = sign * w->alpha[k] - shift - (k ? before * sign * w->beta[k - 1] : 0);
            if (w->diagonal[k] > -1e-300)
                w->diagonal[k] = -1e-300;
            if (k)
                w->ritz[k] -= before * w->ritz[k - 1];
        }
        for (Py_ssize_t k = steps - 1; k >= 0; k--) {
            double after = k + 1 < steps ? sign * w->beta[k] * w->ritz[k + 1] : 0;
            w->ritz[k] = (w->ritz[k] - after) / w->diagonal[k];
        }
        length = 0;
        for (Py_ssize_t k = 0; k < steps; k++)
            length = fmax(length, fabs(w->ritz[k]));
        for (Py_ssize_t k = 0; k < steps; k++)
            w->ritz[k] /= length;
        scale_to_one(w->ritz, steps);
    }
}

/* Rayleigh quotient of w->vector with Q, epsilon included. */
static double quotient(const Direction *d, Work *w)
{
    double sum = 0;
    for (Py_ssize_t k = 0; k < d->n; k++) {
        double y = 0;
        for (Py_ssize_t e = d->first[k]; e < d->first[k + 1]; e++) {
            Py_ssize_t j = d->column[e];
            y += d->count[e] / d->total * (w->vector[j] / d->root[j]);
        }
        w->product[k] = y;
    }
    for (Py_ssize_t i = 0; i < d->n; i++)
        for (Py_ssize_t e = d->first[i]; e < d->first[i + 1]; e++) {
            Py_ssize_t k = d->column[e];
            sum += w->vector[i] * d->root[i] * (d->count[e] / d->total) / (d->p[i] * d->p[k] + DBL_EPSILON)
                   * w->product[k];
        }
    return sum;
}

/* Lanczos from w->vector until the better end of the spectrum has settled; its vector into w->vector.
 * Return whether it has. */
static int iterate(const Direction *d, Work *w)
{
    Py_ssize_t n = d->n, most = d->present - 1 < MAX_STEPS ? d->present - 1 : MAX_STEPS, look = FIRST_LOOK;
    double *basis = w->basis;
    for (Py_ssize_t steps = 0;;) {
        double *now = basis + (steps + 1) * n, *next = now + n, residual;
        if (!steps)
            memcpy(now, w->vector, (size_t)n * sizeof(double));
        multiply(d, now, next);
        w->alpha[steps] = dot(now, next, n);
        orthogonalise(basis, steps + 2, n, next);
        orthogonalise(basis, steps + 2, n, next);
        w->beta[steps] = scale_to_one(next, n);
        steps++;
        int exhausted = steps >= most || w->beta[steps - 1] < SMALL_RESIDUAL;
        if (!exhausted && steps < look)
            continue;
        look = steps + LOOK_EVERY + steps / 8;
        double up = largest(w, steps, 1), down = largest(w, steps, -1);
        double sign = up >= down ? 1 : -1;
        tridiagonal_vector(w, steps, sign, sign > 0 ? up : down);
        residual = w->beta[steps - 1] * fabs(w->ritz[steps - 1]);
        if (!exhausted && residual > SMALL_RESIDUAL)
            continue;
        memset(w->vector, 0, (size_t)n * sizeof(double));
        for (Py_ssize_t k = 0; k < steps; k++)
            for (Py_ssize_t i = 0; i < n; i++)
                w->vector[i] += w->ritz[k] * basis[(k + 1) * n + i];
        return residual <= SMALL_RESIDUAL || steps >= d->present - 1;
    }
}

static double second_eigenvalue(Direction *d, Work *w)
{
    uint32_t noise = 1;
    prepare(d);
    if (d->present < 2)
        return 0;
    if (d->n_groups > 1)
        return second_of_groups(d, w->vector, w->product);
    memcpy(w->basis, d->root, (size_t)d->n * sizeof(double));
    scale_to_one(w->basis, d->n);
    /* Close to the usual answer, which is nearly linear in the level, yet with a part of everything. */
    for (Py_ssize_t i = 0; i < d->n; i++) {
        noise = noise * 1664525u + 1013904223u;
        w->vector[i] = d->root[i] * ((double)i / (double)d->n + 1e-2 * ((double)(noise >> 8) / 16777216.0 - 0.5));
        if (d->p[i] > 0)
            w->vector[i] += 1e-3 * ((double)(noise >> 8) / 16777216.0 - 0.5);
    }
    for (int restart = 0; restart < MAX_RESTARTS; restart++) {
        orthogonalise(w->basis, 1, d->n, w->vector);
        scale_to_one(w->vector, d->n);
        if (iterate(d, w))
            break;
    }
    orthogonalise(w->basis, 1, d->n, w->vector);
    scale_to_one(w->vector, d->n);
    return quotient(d, w);
}

static int run(Direction *d, const int64_t *starts, int directions, const int32_t *const arrays[3], double *values)
{
    Py_ssize_t n = d->n, most = 0;
    size_t steps = (size_t)(n < MAX_STEPS ? n : MAX_STEPS) + 2;
    Work *w = calloc(1, sizeof(Work));
    double *block;
    int ok;
    for (int a = 0; a < directions; a++)
        most = starts[a + 1] - starts[a] > most ? (Py_ssize_t)(starts[a + 1] - starts[a]) : most;
    block = malloc(((steps + 4) * (size_t)n + (size_t)most) * sizeof(double));
    d->first = malloc((2 * (size_t)n + 1) * sizeof(Py_ssize_t));
    ok = w && block && d->first;
    if (ok) {
        w->vector = block;
        w->product = w->vector + n;
        d->p = w->product + n;
        d->root = d->p + n;
        d->s = d->root + n;
        w->basis = d->s + most;
        d->group = d->first + n + 1;
    }
    for (int a = 0; ok && a < directions; a++) {
        d->row = arrays[0] + starts[a];
        d->column = arrays[1] + starts[a];
        d->count = arrays[2] + starts[a];
        d->entries = (Py_ssize_t)(starts[a + 1] - starts[a]);
        values[a] = second_eigenvalue(d, w);
    }
    free(w);
    free(block);
    free(d->first);
    return ok;
}

/* Whether the entries are what run() relies on: symmetric in pattern is the caller's word; rows rise, indices fit. */
static int is_sound(Py_ssize_t n, const int64_t *starts, int directions, const int32_t *const arrays[3],
                    Py_ssize_t entries)
{
    if (starts[0] != 0 || starts[directions] != entries)
        return 0;
    for (int a = 0; a < directions; a++) {
        if (starts[a + 1] <= starts[a] || starts[a + 1] > entries)
            return 0;
        for (int64_t k = starts[a]; k < starts[a + 1]; k++) {
            if (arrays[0][k] < 0 || arrays[0][k] >= n || arrays[1][k] < 0 || arrays[1][k] >= n || arrays[2][k] < 1)
                return 0;
            if (k > starts[a] && arrays[0][k] < arrays[0][k - 1])
                return 0;
        }
    }
    return 1;
}

PyDoc_STRVAR(second_eigenvalues_doc,
    "second_eigenvalues(n, starts, row, column, count, values)\n--\n\n"
    "Fill `values` (float64, a value a direction) for symmetric matrices of n levels given by their entries.");

static PyObject *second_eigenvalues(PyObject *module, PyObject *args)
{
    PyObject *sources[5], *result = NULL;
    Py_buffer views[5];
    Direction direction = {0};
    int taken = 0, directions, done;
    const int32_t *arrays[3];
    (void)module;
    if (!PyArg_ParseTuple(args, "nOOOOO", &direction.n, &sources[0], &sources[1], &sources[2], &sources[3],
                          &sources[4]))
        return NULL;
    for (; taken < 5; taken++)
        if (PyObject_GetBuffer(sources[taken], &views[taken], PyBUF_C_CONTIGUOUS | (taken == 4 ? PyBUF_WRITABLE : 0)))
            goto release;
    directions = (int)(views[4].len / (Py_ssize_t)sizeof(double));
    for (int k = 0; k < 3; k++)
        arrays[k] = views[k + 1].buf;
    if (direction.n < 1 || views[0].len != (directions + 1) * (Py_ssize_t)sizeof(int64_t)
        || views[1].len != views[2].len || views[1].len != views[3].len
        || !is_sound(direction.n, views[0].buf, directions, arrays, views[1].len / (Py_ssize_t)sizeof(int32_t))) {
        PyErr_SetString(PyExc_ValueError, "entries must be int32, row by row, with a count and indices of levels");
        goto release;
    }
    Py_BEGIN_ALLOW_THREADS
    done = run(&direction, views[0].buf, directions, arrays, views[4].buf);
    Py_END_ALLOW_THREADS
    result = done ? Py_NewRef(Py_None) : PyErr_NoMemory();
release:
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"second_eigenvalues", second_eigenvalues, METH_VARARGS, second_eigenvalues_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_mcc", "Eigenvalues behind GLCM's maximal correlation coefficient.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__mcc(void);

PyMODINIT_FUNC PyInit__mcc(void)
{
    return PyModule_Create(&module);
}
