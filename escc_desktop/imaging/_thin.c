/* A line without the points that hardly change it, as Douglas and Peucker leave them out. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double row, column;
} Place;

typedef struct {
    Py_ssize_t first, last;
} Span;

/* How far a point is from the nearest place of the way from start to end. */
static double distance(Place at, Place start, Place end)
{
    const double down = end.row - start.row, right = end.column - start.column;
    const double square = down * down + right * right;
    const double y = at.row - start.row, x = at.column - start.column;
    double along = square > 0 ? (y * down + x * right) / square : 0;
    along = along < 0 ? 0 : along > 1 ? 1 : along;
    return hypot(y - along * down, x - along * right);
}

static void thin(const Place *line, char *kept, Py_ssize_t n, double tolerance, Span *spans)
{
    Py_ssize_t n_spans = 0;
    memset(kept, 0, (size_t)n);
    kept[0] = kept[n - 1] = 1;
    spans[n_spans++] = (Span){0, n - 1};
    while (n_spans) {
        const Span span = spans[--n_spans];
        Py_ssize_t middle = -1;
        double farthest = tolerance;
        for (Py_ssize_t i = span.first + 1; i < span.last; i++) {
            const double away = distance(line[i], line[span.first], line[span.last]);
            if (away > farthest) {
                farthest = away;
                middle = i;
            }
        }
        if (middle >= 0) {
            kept[middle] = 1;
            spans[n_spans++] = (Span){span.first, middle};
            spans[n_spans++] = (Span){middle, span.last};
        }
    }
}

PyDoc_STRVAR(thinned_doc,
    "thinned(line, kept, tolerance)\n--\n\n"
    "Set in `kept` (of one byte) which points of a `line` (float64, n x 2, at least one) are needed, so that no point\n"
    "lies farther than `tolerance` from the line through those kept; the first and the last one always are.");

static PyObject *thinned(PyObject *module, PyObject *args)
{
    PyObject *line, *kept, *result = NULL;
    Py_buffer points, flags;
    double tolerance;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOd", &line, &kept, &tolerance) ||
        PyObject_GetBuffer(line, &points, PyBUF_C_CONTIGUOUS) != 0)
        return NULL;
    if (PyObject_GetBuffer(kept, &flags, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) != 0) {
        PyBuffer_Release(&points);
        return NULL;
    }
    if (points.ndim != 2 || points.shape[1] != 2 || points.itemsize != (Py_ssize_t)sizeof(double) ||
        points.shape[0] < 1 || flags.ndim != 1 || flags.itemsize != 1 || flags.shape[0] != points.shape[0]) {
        PyErr_SetString(PyExc_ValueError, "arrays of other types or sizes");
    } else {
        /* Every span that waits begins at another kept point. */
        Span *spans = malloc(((size_t)points.shape[0] + 1) * sizeof(Span));
        if (spans) {
            thin(points.buf, flags.buf, points.shape[0], tolerance, spans);
            result = Py_NewRef(Py_None);
        } else {
            PyErr_NoMemory();
        }
        free(spans);
    }
    PyBuffer_Release(&points);
    PyBuffer_Release(&flags);
    return result;
}

static PyMethodDef methods[] = {
    {"thinned", thinned, METH_VARARGS, thinned_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_thin", "Lines of fewer points.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__thin(void);

PyMODINIT_FUNC PyInit__thin(void)
{
    return PyModule_Create(&module);
}
