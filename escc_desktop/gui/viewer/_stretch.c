/* A picture of colours stretched to the pixels of a screen, from index and weight of every pixel row and column.
 *
 * Whole numbers all the way: a pixel is (1 - w) a + w b of two neighbours in 256ths, along the row first, then between
 * two rows, and so the same on every machine. A row of the picture is stretched once, however many rows of the screen
 * lie over it; between rows the bytes are mixed side by side, at a vector unit's speed.
 */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#define ONE 256

typedef struct {
    const uint32_t *colors; /* rows, columns */
    Py_ssize_t rows, columns;
} Picture;

typedef struct {
    const int32_t *index;    /* the first of two neighbours */
    const uint16_t *weight;  /* of the second, in 256ths */
    Py_ssize_t start, stop;  /* pixels to paint */
} Way;

static uint64_t spread(uint32_t color)
{
    return ((uint64_t)color | ((uint64_t)color << 24)) & UINT64_C(0x00ff00ff00ff00ff);
}

/* Stretch a row of the picture; index and weight have been checked. */
WIDE static void along(const uint32_t *row, const Way *across, uint32_t *restrict to)
{
    for (Py_ssize_t x = across->start; x < across->stop; x++) {
        const uint32_t *at = row + across->index[x];
        const uint64_t w = across->weight[x];
        const uint64_t mixed = (spread(at[0]) * (ONE - w) + spread(at[1]) * w) >> 8 & UINT64_C(0x00ff00ff00ff00ff);
        to[x - across->start] = (uint32_t)(mixed | mixed >> 24);
    }
}

static void along_whole(const uint32_t *row, const Way *across, uint32_t *restrict to)
{
    for (Py_ssize_t x = across->start; x < across->stop; x++)
        to[x - across->start] = row[across->index[x]];
}

WIDE static void between(const uint8_t *restrict a, const uint8_t *restrict b, uint16_t w, uint8_t *restrict to,
                         Py_ssize_t bytes)
{
    const uint16_t v = (uint16_t)(ONE - w);
    for (Py_ssize_t i = 0; i < bytes; i++)
        to[i] = (uint8_t)((uint16_t)(a[i] * v + b[i] * w) >> 8);
}

static int is_whole(const Way *way)
{
    for (Py_ssize_t i = way->start; i < way->stop; i++)
        if (way->weight[i])
            return 0;
    return 1;
}

/* `rows` has room for two stretched rows, `held` says which rows of the picture they are. */
static const uint32_t *stretched(const Picture *from, const Way *across, Py_ssize_t row, int whole, uint32_t *rows,
                                 Py_ssize_t *held, Py_ssize_t other)
{
    const Py_ssize_t width = across->stop - across->start;
    int slot = held[0] == row ? 0 : held[1] == row ? 1 : held[0] == other ? 1 : 0;
    uint32_t *to = rows + slot * width;
    if (held[slot] != row) {
        if (whole)
            along_whole(from->colors + row * from->columns, across, to);
        else
            along(from->colors + row * from->columns, across, to);
        held[slot] = row;
    }
    return to;
}

static void paint(const Picture *from, const Way *across, const Way *down, uint32_t *to, Py_ssize_t stride,
                  uint32_t *rows)
{
    Py_ssize_t held[2] = {-1, -1};
    const size_t bytes = (size_t)(across->stop - across->start) * sizeof(uint32_t);
    const int whole = is_whole(across);
    for (Py_ssize_t y = down->start; y < down->stop; y++) {
        const Py_ssize_t row = down->index[y], next = row + (down->weight[y] != 0);
        uint32_t *line = to + y * stride + across->start;
        const uint32_t *a = stretched(from, across, row, whole, rows, held, next);
        if (next == row) {
            memcpy(line, a, bytes);
            continue;
        }
        const uint32_t *b = stretched(from, across, next, whole, rows, held, row);
        between((const uint8_t *)a, (const uint8_t *)b, down->weight[y], (uint8_t *)line, (Py_ssize_t)bytes);
    }
}

/* Say what is wrong with a way over `length` rows or columns onto `pixels`; NULL for nothing. */
static const char *check(const Way *way, Py_ssize_t length, Py_ssize_t pixels)
{
    if (way->start < 0 || way->stop > pixels)
        return "pixels beyond the screen";
    /* Where any weight is not 0, both neighbours of every pixel are looked at. */
    const Py_ssize_t last = length - (is_whole(way) ? 1 : 2);
    for (Py_ssize_t i = way->start; i < way->stop; i++) {
        if (way->weight[i] > ONE)
            return "a weight over 256";
        if (way->index[i] < 0 || way->index[i] > last)
            return "an index beyond the picture";
    }
    return NULL;
}

static PyObject *run(const Py_buffer *views, const Py_ssize_t *part)
{
    const Picture from = {views[0].buf, views[0].shape[0], views[0].shape[1]};
    const Py_ssize_t height = views[1].shape[0], width = views[1].shape[1];
    const Way across = {views[2].buf, views[3].buf, part[0], part[1]};
    const Way down = {views[4].buf, views[5].buf, part[2], part[3]};
    const char *wrong = NULL;
    if (views[2].shape[0] != width || views[3].shape[0] != width || views[4].shape[0] != height ||
        views[5].shape[0] != height)
        wrong = "index and weight are not one a pixel";
    else if (!(wrong = check(&across, from.columns, width)))
        wrong = check(&down, from.rows, height);
    if (wrong) {
        PyErr_SetString(PyExc_ValueError, wrong);
        return NULL;
    }
    if (across.start >= across.stop || down.start >= down.stop)
        Py_RETURN_NONE;
    uint32_t *rows = malloc(2 * (size_t)(across.stop - across.start) * sizeof(uint32_t));
    if (!rows)
        return PyErr_NoMemory();
    Py_BEGIN_ALLOW_THREADS
    paint(&from, &across, &down, views[1].buf, width, rows);
    Py_END_ALLOW_THREADS
    free(rows);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(stretch_doc,
    "stretch(colors, screen, columns, column_weights, rows, row_weights, left, right, top, bottom)\n--\n\n"
    "Paint the pixels [top:bottom, left:right] of `screen` (uint32) from `colors` (uint32). Of every pixel row and\n"
    "column of the screen, `rows` and `columns` (int32) say the first of two neighbours in `colors`, `..._weights`\n"
    "(uint16) the second one's share in 256ths.");

static PyObject *stretch(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[6] = {4, 4, 4, 2, 4, 2};
    PyObject *objects[6], *result = NULL;
    Py_buffer views[6];
    Py_ssize_t part[4];
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOOOnnnn", &objects[0], &objects[1], &objects[2], &objects[3], &objects[4],
                          &objects[5], &part[0], &part[1], &part[2], &part[3]))
        return NULL;
    while (taken < 6 && PyObject_GetBuffer(objects[taken], &views[taken],
                                           taken == 1 ? PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE : PyBUF_C_CONTIGUOUS) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == (i < 2 ? 2 : 1);
    if (taken == 6 && fits)
        result = run(views, part);
    else if (taken == 6)
        PyErr_SetString(PyExc_TypeError, "arrays of other types or dimensions");
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"stretch", stretch, METH_VARARGS, stretch_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_stretch", "Pictures stretched to the pixels of a screen.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__stretch(void);

PyMODINIT_FUNC PyInit__stretch(void)
{
    return PyModule_Create(&module);
}
