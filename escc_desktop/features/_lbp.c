/*
 * Local binary patterns on a sphere: spline samples around each voxel, their kurtosis and their signs in spherical
 * harmonics. The definition is PyRadiomics' getLBP3DImage (3.0.1). Products and sums run in the order in which scipy's
 * map_coordinates and kurtosis and numpy's reductions make them, so that ties fall on the same side to the last bit:
 * multiplications must not be fused with additions.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <float.h>
#include <limits.h>
#include <math.h>
#include <string.h>

enum {
    VERTICES = 42,
    CHUNK = 8,    /* voxels of a line sampled at once */
    SUPPORT = 4,  /* coefficients a cubic spline needs along an axis */
    SPREAD = 5,   /* slices, lines or columns of coefficients more than of voxels: two before, three behind */
};

enum pixel { DOUBLE_PIXEL, FLOAT_PIXEL, INTEGER_PIXEL };

typedef struct {
    Py_ssize_t nz, ny, nx;      /* voxels of the box */
    Py_ssize_t first, last;     /* lines to do, numbered through the slices */
    const double *coefficients; /* (nz + SPREAD, ny + SPREAD, nx + SPREAD + CHUNK) */
    const double *wz, *wy, *wx; /* (VERTICES, n, SUPPORT) for z and y; (VERTICES, SUPPORT, nx + CHUNK) */
    const int *offsets;         /* (VERTICES, 3): first coefficient, relative to the voxel */
    const double *centre;       /* (nz, ny, nx) */
    const char *voxels;         /* (nz, ny, nx) */
    const double *harmonics;    /* (VERTICES, 3): order 0, real and imaginary part of order 1 */
    enum pixel pixel;
    double lowest, highest; /* of an integer pixel */
    int is_wide;            /* an integer pixel may be beyond an int; the narrow ones are quicker */
} Scene;

typedef struct {
    double *kurtosis;     /* (nz, ny, nx) */
    unsigned char *count; /* (n,): samples at or above the centre */
    double *order0;       /* (n,): their sum in the harmonic of degree 1, order 0 */
    double *order1;       /* (n, 2): in that of order 1 */
} Result;

typedef double Samples[VERTICES][CHUNK];

static void interpolate(const Scene *s, Py_ssize_t z, Py_ssize_t y, Py_ssize_t x, Py_ssize_t v, double *out)
{
    Py_ssize_t width = s->nx + SPREAD + CHUNK, slice = (s->ny + SPREAD) * width;
    const int *offset = s->offsets + 3 * v;
    const double *corner = s->coefficients + (z + offset[0]) * slice + (y + offset[1]) * width + x + offset[2];
    const double *wz = s->wz + (v * s->nz + z) * SUPPORT, *wy = s->wy + (v * s->ny + y) * SUPPORT;
    const double *wx = s->wx + v * SUPPORT * (s->nx + CHUNK) + x;
    const double *w0 = wx, *w1 = w0 + s->nx + CHUNK, *w2 = w1 + s->nx + CHUNK, *w3 = w2 + s->nx + CHUNK;
    double sum[CHUNK] = {0};
    for (int a = 0; a < SUPPORT; a++) {
        for (int b = 0; b < SUPPORT; b++) {
            const double *line = corner + a * slice + b * width;
            double fz = wz[a], fy = wy[b], term[CHUNK + SUPPORT - 1];
            for (int i = 0; i < CHUNK + SUPPORT - 1; i++)
                term[i] = line[i] * fz * fy;
            for (int i = 0; i < CHUNK; i++) {
                double t = sum[i];
                t += term[i] * w0[i];
                t += term[i + 1] * w1[i];
                t += term[i + 2] * w2[i];
                t += term[i + 3] * w3[i];
                sum[i] = t;
            }
        }
    }
    memcpy(out, sum, sizeof sum);
}

/* Round to the image's own pixel type, as map_coordinates does. */
static void to_pixel(const Scene *s, double *values, Py_ssize_t n)
{
    if (s->pixel == FLOAT_PIXEL)
        for (Py_ssize_t i = 0; i < n; i++)
            values[i] = (float)values[i];
    if (s->pixel == INTEGER_PIXEL) {
        for (Py_ssize_t i = 0; i < n; i++) {
            double t = values[i] > 0 ? values[i] + 0.5 : values[i] - 0.5;
            t = t > s->highest ? s->highest : t;
            t = t < s->lowest ? s->lowest : t;
            values[i] = s->is_wide ? (double)(long long)t : (int)t;
        }
    }
}

/* Sum over the vertices in the order of numpy's reduction: eight partial sums, then what is left. */
#define DEFINE_KURTOSIS(NAME, REAL, EPSILON)                                                                          \
    static void NAME##_sum(REAL a[VERTICES][CHUNK], REAL *out)                                                        \
    {                                                                                                                 \
        REAL r[8][CHUNK];                                                                                             \
        memcpy(r, a, sizeof r);                                                                                       \
        for (int v = 8; v < VERTICES / 8 * 8; v++)                                                                    \
            for (int i = 0; i < CHUNK; i++)                                                                           \
                r[v % 8][i] += a[v][i];                                                                               \
        for (int i = 0; i < CHUNK; i++)                                                                               \
            out[i] = ((r[0][i] + r[1][i]) + (r[2][i] + r[3][i])) + ((r[4][i] + r[5][i]) + (r[6][i] + r[7][i]));       \
        for (int v = VERTICES / 8 * 8; v < VERTICES; v++)                                                             \
            for (int i = 0; i < CHUNK; i++)                                                                           \
                out[i] += a[v][i];                                                                                    \
    }                                                                                                                 \
                                                                                                                      \
    static void NAME(Samples samples, double *out)                                                                    \
    {                                                                                                                 \
        REAL a[VERTICES][CHUNK], mean[CHUNK], m2[CHUNK], m4[CHUNK];                                                   \
        for (int v = 0; v < VERTICES; v++)                                                                            \
            for (int i = 0; i < CHUNK; i++)                                                                           \
                a[v][i] = (REAL)samples[v][i];                                                                        \
        NAME##_sum(a, mean);                                                                                          \
        for (int i = 0; i < CHUNK; i++)                                                                               \
            mean[i] /= VERTICES;                                                                                      \
        for (int v = 0; v < VERTICES; v++) {                                                                          \
            for (int i = 0; i < CHUNK; i++) {                                                                         \
                REAL d = a[v][i] - mean[i];                                                                           \
                a[v][i] = d * d;                                                                                      \
            }                                                                                                         \
        }                                                                                                             \
        NAME##_sum(a, m2);                                                                                            \
        for (int v = 0; v < VERTICES; v++)                                                                            \
            for (int i = 0; i < CHUNK; i++)                                                                           \
                a[v][i] *= a[v][i];                                                                                   \
        NAME##_sum(a, m4);                                                                                            \
        for (int i = 0; i < CHUNK; i++) {                                                                             \
            REAL noise = EPSILON * mean[i];                                                                           \
            m2[i] /= VERTICES;                                                                                        \
            m4[i] /= VERTICES;                                                                                        \
            out[i] = m2[i] <= noise * noise ? NAN : m4[i] / (m2[i] * m2[i]) - 3;                                      \
        }                                                                                                             \
    }

DEFINE_KURTOSIS(kurtosis_of_doubles, double, DBL_EPSILON)
DEFINE_KURTOSIS(kurtosis_of_floats, float, FLT_EPSILON)

/* Do the chunk of a line that starts at x; return how many of its voxels count. */
static int do_chunk(const Scene *s, const Result *r, Py_ssize_t line, Py_ssize_t x, Py_ssize_t done)
{
    Samples samples;
    double kurtosis[CHUNK], order0[CHUNK] = {0}, real[CHUNK] = {0}, imaginary[CHUNK] = {0};
    int count[CHUNK] = {0}, found = 0;
    Py_ssize_t at = line * s->nx + x;
    int width = s->nx - x < CHUNK ? (int)(s->nx - x) : CHUNK;
    double centre[CHUNK] = {0};
    memcpy(centre, s->centre + at, (size_t)width * sizeof(double));
    for (Py_ssize_t v = 0; v < VERTICES; v++)
        interpolate(s, line / s->ny, line % s->ny, x, v, samples[v]);
    to_pixel(s, samples[0], VERTICES * CHUNK);
    if (s->pixel == FLOAT_PIXEL)
        kurtosis_of_floats(samples, kurtosis);
    else
        kurtosis_of_doubles(samples, kurtosis);
    for (int v = 0; v < VERTICES; v++) {
        const double *y = s->harmonics + 3 * v;
        for (int i = 0; i < CHUNK; i++) {
            double bit = samples[v][i] >= centre[i] ? 1.0 : 0.0;
            count[i] += (int)bit;
            order0[i] += bit * y[0];
            real[i] += bit * y[1];
            imaginary[i] += bit * y[2];
        }
    }
    for (int i = 0; i < width; i++) {
        if (!s->voxels[at + i])
            continue;
        r->kurtosis[at + i] = kurtosis[i];
        r->count[done + found] = (unsigned char)count[i];
        r->order0[done + found] = order0[i];
        r->order1[2 * (done + found)] = real[i];
        r->order1[2 * (done + found) + 1] = imaginary[i];
        found++;
    }
    return found;
}

static void do_lines(const Scene *s, const Result *r)
{
    Py_ssize_t done = 0;
    for (Py_ssize_t line = s->first; line < s->last; line++) {
        const char *voxels = s->voxels + line * s->nx;
        for (Py_ssize_t x = 0; x < s->nx;) {
            if (voxels[x]) {
                done += do_chunk(s, r, line, x, done);
                x += CHUNK;
            } else {
                x++;
            }
        }
    }
}

/* The root of the sum of squares over the sphere. The products hold the term of order 1, which is that of order -1. */
static void norms(const double *products, const double *order0, const double *harmonics, Py_ssize_t n, double *out)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        double sum = 0;
        for (int v = 0; v < VERTICES; v++) {
            double p = products[2 * (i * VERTICES + v)];
            double value = p + order0[i] * harmonics[3 * v] + p;
            sum += value * value;
        }
        out[i] = sqrt(sum);
    }
}

typedef struct {
    PyObject *source;
    Py_buffer view;
    const char *what;
    Py_ssize_t bytes;
    int writable;
} Argument;

static void give_back(Argument *arguments, int count)
{
    while (count--)
        PyBuffer_Release(&arguments[count].view);
}

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
        give_back(arguments, i);
        return 0;
    }
    return 1;
}

static int is_sound(const Scene *s, Py_ssize_t n)
{
    Py_ssize_t found = 0;
    for (int i = 0; i < 3 * VERTICES; i++)
        if (s->offsets[i] < 0 || s->offsets[i] > SPREAD - (SUPPORT - 1))
            return 0;
    for (Py_ssize_t i = s->first * s->nx; i < s->last * s->nx; i++)
        found += s->voxels[i] != 0;
    return found == n;
}

PyDoc_STRVAR(sample_doc,
    "sample(sizes, coefficients, weights, offsets, pixel, centre, voxels, harmonics, kurtosis, count, order0, order1)"
    "\n--\n\n"
    "`sizes` are (slices, lines, columns) of the box, the lines to do (first, last) and their voxels.\n"
    "`weights` are those along z, y, x; `pixel` is (0 double, 1 float or 2 integer, its lowest, its highest).");

static PyObject *sample(PyObject *module, PyObject *args)
{
    PyObject *coefficients, *wz, *wy, *wx, *offsets, *centre, *voxels, *harmonics, *kurtosis, *count, *order0, *order1;
    Scene s;
    Result r;
    Py_ssize_t n, limit = PY_SSIZE_T_MAX / 64 / VERTICES;
    int pixel, sound;
    (void)module;
    if (!PyArg_ParseTuple(args, "((nnn)(nn)n)O(OOO)O(idd)OOOOOOO", &s.nz, &s.ny, &s.nx, &s.first, &s.last, &n,
                          &coefficients, &wz, &wy, &wx, &offsets, &pixel, &s.lowest, &s.highest, &centre, &voxels,
                          &harmonics, &kurtosis, &count, &order0, &order1))
        return NULL;
    if (s.nz < 1 || s.ny < 1 || s.nx < 1 || s.nx > 1 << 20 || s.ny > 1 << 20 || s.nz > limit / (1 << 20) || n < 0
        || s.nx + SPREAD + CHUNK > limit / (s.ny + SPREAD) / (s.nz + SPREAD) || s.first < 0 || s.last < s.first
        || s.last > s.nz * s.ny || n > s.nz * s.ny * s.nx || pixel < DOUBLE_PIXEL || pixel > INTEGER_PIXEL) {
        PyErr_SetString(PyExc_ValueError, "sizes must be positive and fit");
        return NULL;
    }
    Py_ssize_t box = s.nz * s.ny * s.nx;
    Argument arguments[] = {
        {coefficients, {0}, "coefficients", (s.nz + SPREAD) * (s.ny + SPREAD) * (s.nx + SPREAD + CHUNK) * 8, 0},
        {wz, {0}, "weights along z", VERTICES * SUPPORT * s.nz * 8, 0},
        {wy, {0}, "weights along y", VERTICES * SUPPORT * s.ny * 8, 0},
        {wx, {0}, "weights along x", VERTICES * SUPPORT * (s.nx + CHUNK) * 8, 0},
        {offsets, {0}, "offsets", VERTICES * 3 * (Py_ssize_t)sizeof(int), 0},
        {centre, {0}, "centre", box * 8, 0},
        {voxels, {0}, "voxels", box, 0},
        {harmonics, {0}, "harmonics", VERTICES * 3 * 8, 0},
        {kurtosis, {0}, "kurtosis", box * 8, 1},
        {count, {0}, "count", n, 1},
        {order0, {0}, "order0", n * 8, 1},
        {order1, {0}, "order1", n * 16, 1},
    };
    int given = (int)(sizeof arguments / sizeof *arguments);
    if (!take(arguments, given))
        return NULL;
    s.pixel = (enum pixel)pixel;
    s.is_wide = s.lowest < INT_MIN || s.highest > INT_MAX;
    s.coefficients = arguments[0].view.buf;
    s.wz = arguments[1].view.buf;
    s.wy = arguments[2].view.buf;
    s.wx = arguments[3].view.buf;
    s.offsets = arguments[4].view.buf;
    s.centre = arguments[5].view.buf;
    s.voxels = arguments[6].view.buf;
    s.harmonics = arguments[7].view.buf;
    r.kurtosis = arguments[8].view.buf;
    r.count = arguments[9].view.buf;
    r.order0 = arguments[10].view.buf;
    r.order1 = arguments[11].view.buf;
    sound = is_sound(&s, n);
    if (sound) {
        Py_BEGIN_ALLOW_THREADS
        do_lines(&s, &r);
        Py_END_ALLOW_THREADS
    }
    give_back(arguments, given);
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "offsets must be 0, 1 or 2, and the voxels as many as said");
        return NULL;
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(norm_doc,
    "norm(n, products, order0, harmonics, out)\n--\n\n"
    "`products` (n, 42) complex are the terms of order 1; fill `out` (n,) with the norm over the sphere.");

static PyObject *norm(PyObject *module, PyObject *args)
{
    PyObject *products, *order0, *harmonics, *out;
    Py_ssize_t n;
    (void)module;
    if (!PyArg_ParseTuple(args, "nOOOO", &n, &products, &order0, &harmonics, &out))
        return NULL;
    if (n < 0 || n > PY_SSIZE_T_MAX / 16 / VERTICES) {
        PyErr_SetString(PyExc_ValueError, "sizes must be positive and fit");
        return NULL;
    }
    Argument arguments[] = {
        {products, {0}, "products", n * VERTICES * 16, 0},
        {order0, {0}, "order0", n * 8, 0},
        {harmonics, {0}, "harmonics", VERTICES * 3 * 8, 0},
        {out, {0}, "out", n * 8, 1},
    };
    int given = (int)(sizeof arguments / sizeof *arguments);
    if (!take(arguments, given))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    norms(arguments[0].view.buf, arguments[1].view.buf, arguments[2].view.buf, n, arguments[3].view.buf);
    Py_END_ALLOW_THREADS
    give_back(arguments, given);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sample", sample, METH_VARARGS, sample_doc},
    {"norm", norm, METH_VARARGS, norm_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_lbp", "Local binary patterns on a sphere.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__lbp(void);

PyMODINIT_FUNC PyInit__lbp(void)
{
    return PyModule_Create(&module);
}
