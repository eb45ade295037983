/* Recursive filters of fourth order along the lines of an image: Deriche's Gaussian and its derivatives.
 *
 * The recursion is the one published by R. Deriche, "Recursively implementing the Gaussian and its derivatives", INRIA
 * RR-1893, 1993, with the end values going on for ever (Farneback and Westin, "Improving Deriche-style recursive
 * Gaussian filters", J Math Imaging Vis 26, 2006), its operations in the order in which ITK's
 * RecursiveSeparableImageFilter has them, so that the results are ITK's to the last bit: double inside a line, float32
 * from one direction to the next.
 *
 * LANES lines are filtered side by side: each for itself in the same order, all of them at a vector unit's speed.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LANES 16
#define TAPS 4
#define DIMENSIONS 3

typedef struct {
    double n[TAPS];  /* of the values, forwards */
    double m[TAPS];  /* of the values, backwards */
    double d[TAPS];  /* of the results before */
    double bn[TAPS]; /* of the first value, where no result is before */
    double bm[TAPS]; /* of the last value, backwards */
} Coefficients;

typedef struct {
    char *first;
    Py_ssize_t step, next; /* bytes to the next value of the line, to the next line */
    int count;             /* lines, at most LANES */
} Lines;

typedef void (*Load)(const Lines *lines, Py_ssize_t n, double *values);

#define DEFINE_LOAD(name, type)                                                                                       \
    static void name(const Lines *lines, Py_ssize_t n, double *values)                                                \
    {                                                                                                                 \
        if (lines->next == (Py_ssize_t)sizeof(type) && lines->count == LANES) {                                       \
            for (Py_ssize_t i = 0; i < n; i++) {                                                                      \
                const type *from = (const type *)(const void *)(lines->first + i * lines->step);                      \
                for (int lane = 0; lane < LANES; lane++)                                                              \
                    values[i * LANES + lane] = (double)from[lane];                                                    \
            }                                                                                                         \
            return;                                                                                                   \
        }                                                                                                             \
        for (int lane = 0; lane < lines->count; lane++) {                                                             \
            const char *line = lines->first + lane * lines->next;                                                     \
            for (Py_ssize_t i = 0; i < n; i++)                                                                        \
                values[i * LANES + lane] = (double)*(const type *)(const void *)(line + i * lines->step);             \
        }                                                                                                             \
    }

DEFINE_LOAD(load_uint8, uint8_t)
DEFINE_LOAD(load_uint16, uint16_t)
DEFINE_LOAD(load_int16, int16_t)
DEFINE_LOAD(load_int32, int32_t)
DEFINE_LOAD(load_float32, float)
DEFINE_LOAD(load_float64, double)

static Load loader(const char *format, Py_ssize_t itemsize)
{
    if (!format || strlen(format) != 1)
        return NULL;
    switch (*format) {
    case 'B': return load_uint8;
    case 'H': return load_uint16;
    case 'h': return load_int16;
    case 'f': return load_float32;
    case 'd': return load_float64;
    case 'i':
    case 'l': return itemsize == 4 ? load_int32 : NULL;
    default: return NULL;
    }
}

/* Write forwards + backwards as float32. */
static void store(const double *forwards, const double *backwards, Py_ssize_t n, const Lines *lines)
{
    if (lines->next == (Py_ssize_t)sizeof(float) && lines->count == LANES) {
        for (Py_ssize_t i = 0; i < n; i++) {
            float *to = (float *)(void *)(lines->first + i * lines->step);
            for (int lane = 0; lane < LANES; lane++)
                to[lane] = (float)(forwards[i * LANES + lane] + backwards[i * LANES + lane]);
        }
        return;
    }
    for (int lane = 0; lane < lines->count; lane++) {
        char *line = lines->first + lane * lines->next;
        for (Py_ssize_t i = 0; i < n; i++)
            *(float *)(void *)(line + i * lines->step)
                = (float)(forwards[i * LANES + lane] + backwards[i * LANES + lane]);
    }
}

static inline double weigh(double a, double b, double c, double d, const double *by)
{
    return a * by[0] + b * by[1] + c * by[2] + d * by[3];
}

/* Filter `n` rows of LANES values each into as many results, `row` (LANES or -LANES) apart from the first on. A result
 * is made of the four values up to its own `delay` rows before (0 or 1), and of the four results before. */
static inline void recurse(const double *values, double *results, Py_ssize_t n, Py_ssize_t row, int delay,
                           const double *of_values, const double *of_results, const double *of_edge)
{
    Py_ssize_t i = 0;
    for (; i < TAPS && i < n; i++) {
        for (int lane = 0; lane < LANES; lane++) {
            double v[TAPS], r[TAPS], weights[TAPS];
            for (int tap = 0; tap < TAPS; tap++) {
                Py_ssize_t value = i - tap - delay, result = i - tap - 1;
                v[tap] = values[(value < 0 ? 0 : value) * row + lane];
                r[tap] = result < 0 ? values[lane] : results[result * row + lane];
                weights[tap] = result < 0 ? of_edge[tap] : of_results[tap];
            }
            results[i * row + lane] = weigh(v[0], v[1], v[2], v[3], of_values) - weigh(r[0], r[1], r[2], r[3], weights);
        }
    }
    for (; i < n; i++) {
        const double *v = values + (i - delay) * row;
        double *r = results + i * row;
        for (int lane = 0; lane < LANES; lane++)
            r[lane] = weigh(v[lane], v[lane - row], v[lane - 2 * row], v[lane - 3 * row], of_values)
                - weigh(r[lane - row], r[lane - 2 * row], r[lane - 3 * row], r[lane - 4 * row], of_results);
    }
}

typedef struct {
    Load load;
    Py_ssize_t n, start, stop; /* length of a line; the part of it that is wanted */
    const Coefficients *coefficients;
    double *values, *forwards, *backwards; /* n rows of LANES each */
} Work;

static void filter(const Work *work, const Lines *source, const Lines *target)
{
    const Coefficients *k = work->coefficients;
    Py_ssize_t last = (work->n - 1) * LANES, first = work->start * LANES;
    work->load(source, work->n, work->values);
    recurse(work->values, work->forwards, work->stop, LANES, 0, k->n, k->d, k->bn);
    recurse(work->values + last, work->backwards + last, work->n - work->start, -LANES, 1, k->m, k->d, k->bm);
    store(work->forwards + first, work->backwards + first, work->stop - work->start, target);
}

/* The other two axes: the one along which lines lie closest together comes last. */
static void other_axes(const Py_buffer *source, int axis, int *outer, int *lanes)
{
    *outer = (axis + 1) % DIMENSIONS;
    *lanes = (axis + 2) % DIMENSIONS;
    if (llabs((long long)source->strides[*outer]) < llabs((long long)source->strides[*lanes])) {
        int swapped = *outer;
        *outer = *lanes;
        *lanes = swapped;
    }
}

static void filter_all(const Work *work, const Py_buffer *source, const Py_buffer *target, int axis)
{
    int outer, lanes;
    other_axes(source, axis, &outer, &lanes);
    for (Py_ssize_t i = 0; i < source->shape[outer]; i++) {
        for (Py_ssize_t j = 0; j < source->shape[lanes]; j += LANES) {
            Py_ssize_t left = source->shape[lanes] - j;
            int count = left < LANES ? (int)left : LANES;
            Lines from = {(char *)source->buf + i * source->strides[outer] + j * source->strides[lanes],
                          source->strides[axis], source->strides[lanes], count};
            Lines to = {(char *)target->buf + i * target->strides[outer] + j * target->strides[lanes],
                        target->strides[axis], target->strides[lanes], count};
            filter(work, &from, &to);
        }
    }
}

static int is_aligned(const Py_buffer *view)
{
    int aligned = (uintptr_t)view->buf % (uintptr_t)view->itemsize == 0;
    for (int axis = 0; axis < DIMENSIONS; axis++)
        aligned = aligned && view->strides[axis] % view->itemsize == 0;
    return aligned;
}

/* Say what is wrong, or return NULL. */
static const char *fault(const Py_buffer *source, const Py_buffer *target, const Py_buffer *coefficients, int axis,
                         Py_ssize_t start)
{
    if (axis < 0 || axis >= DIMENSIONS)
        return "axis must be 0, 1 or 2";
    if (source->ndim != DIMENSIONS || target->ndim != DIMENSIONS)
        return "source and target must have three dimensions";
    if (!loader(source->format, source->itemsize) || !is_aligned(source))
        return "source must be aligned and of type uint8, uint16, int16, int32, float32 or float64";
    if (!target->format || strcmp(target->format, "f") != 0 || !is_aligned(target))
        return "target must be aligned float32";
    if (coefficients->len != (Py_ssize_t)sizeof(Coefficients))
        return "there must be 20 coefficients";
    if (source->shape[axis] < TAPS)
        return "a line must have four values or more";
    if (source->shape[axis] > PY_SSIZE_T_MAX / (Py_ssize_t)(3 * LANES * sizeof(double)))
        return "a line is too long";
    if (start < 0 || start > source->shape[axis] || target->shape[axis] > source->shape[axis] - start)
        return "target must lie within the lines";
    for (int other = 0; other < DIMENSIONS; other++)
        if (other != axis && source->shape[other] != target->shape[other])
            return "source and target must have the same lines";
    return NULL;
}

static PyObject *run(const Py_buffer *source, const Py_buffer *target, const Py_buffer *coefficients, int axis,
                     Py_ssize_t start)
{
    const char *wrong = fault(source, target, coefficients, axis, start);
    if (wrong) {
        PyErr_SetString(PyExc_ValueError, wrong);
        return NULL;
    }
    size_t rows = (size_t)source->shape[axis] * LANES;
    Coefficients copy; /* the buffer need not be aligned */
    Work work = {loader(source->format, source->itemsize), source->shape[axis], start, start + target->shape[axis],
                 &copy, NULL, NULL, NULL};
    memcpy(&copy, coefficients->buf, sizeof copy);
    work.values = malloc(3 * rows * sizeof(double));
    if (!work.values)
        return PyErr_NoMemory();
    memset(work.values, 0, rows * sizeof(double)); /* for lanes without a line */
    work.forwards = work.values + rows;
    work.backwards = work.forwards + rows;
    Py_BEGIN_ALLOW_THREADS
    filter_all(&work, source, target, axis);
    Py_END_ALLOW_THREADS
    free(work.values);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(filter_lines_doc,
    "filter_lines(source, target, axis, start, coefficients)\n--\n\n"
    "Filter the lines of `source` (three dimensions) along `axis`; `target` (float32) gets of each line the part that\n"
    "begins at `start`. `coefficients` are 20 of float64: N0..N3, M1..M4, D1..D4, BN1..BN4, BM1..BM4.");

static PyObject *filter_lines(PyObject *module, PyObject *args)
{
    PyObject *sources[3], *result = NULL;
    Py_buffer views[3];
    const int flags[3] = {PyBUF_STRIDES | PyBUF_FORMAT, PyBUF_STRIDES | PyBUF_FORMAT | PyBUF_WRITABLE,
                          PyBUF_C_CONTIGUOUS};
    Py_ssize_t start;
    int axis, taken = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOinO", &sources[0], &sources[1], &axis, &start, &sources[2]))
        return NULL;
    while (taken < 3 && PyObject_GetBuffer(sources[taken], &views[taken], flags[taken]) == 0)
        taken++;
    if (taken == 3)
        result = run(&views[0], &views[1], &views[2], axis, start);
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"filter_lines", filter_lines, METH_VARARGS, filter_lines_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_gaussian", "Recursive Gaussian filters along the lines of an image.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__gaussian(void);

PyMODINIT_FUNC PyInit__gaussian(void)
{
    return PyModule_Create(&module);
}
