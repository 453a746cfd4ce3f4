# Khung trang và các thành phần chung.
skip-to-content = Đến nội dung chính
demonstration-note = Bản trình diễn: những gì không có nguồn công khai đều ghi “minh họa”.
search-label = Tìm trong toàn hệ thống
search-placeholder = Tìm chỉ đạo, văn bản, bài viết…
search-button = Tìm kiếm
account = Tài khoản
sign-in = Đăng nhập
sign-out = Đăng xuất
nav-label = Điều hướng chính
nav-home = Trang chủ
nav-directives = Kết luận, chỉ đạo
nav-tasks = Nhiệm vụ
nav-results = Kết quả
nav-news = Tin tức
nav-data = Dữ liệu mở
nav-work = Việc của tôi
nav-import = Nhập dữ liệu
nav-leader = Lãnh đạo
nav-administration = Quản trị
crumbs-label = Vị trí trang
foot-help = Hướng dẫn
foot-codes = Bảng mã
foot-calendar = Lịch làm việc
foot-data = Dữ liệu, API
foot-accessibility = Tiếp cận thông tin
theme-label = Giao diện
theme-auto = Theo thiết bị
theme-light = Sáng
theme-dark = Tối

# Danh sách
count-results = { $n } kết quả
empty-list = Chưa có mục nào
empty-list-what = Không có mục nào khớp với điều kiện đang chọn.
pager-label = Phân trang
pager-shown = Đang hiện { $shown } trong tổng số { $total }
pager-first = Về đầu danh sách
pager-next = Trang tiếp
facet-drop = đang chọn, bấm để bỏ
facet-clear = Bỏ các lựa chọn
export-label = Xuất toàn bộ danh sách:
export-xlsx = Excel
export-csv = CSV
export-ical = Lịch (iCal)

# Trạng thái
status-done-on-time = Hoàn thành đúng hạn
status-done-late = Hoàn thành quá hạn
status-done-late-by = Hoàn thành quá hạn { $days } ngày
status-within-term = Trong hạn
status-overdue = Quá hạn
status-overdue-by = Quá hạn { $days } ngày
status-standing = Thường xuyên, không nêu hạn
illustrative = minh họa

# Biểu đồ, bản đồ
bar-on-time = Xong đúng hạn
bar-late = Xong quá hạn
bar-within = Chưa xong, trong hạn
bar-overdue = Chưa xong, quá hạn
bar-done-share = hoàn thành { $share } số việc đến hạn
bar-nothing = Chưa có việc nào có thời hạn.
bar-state = Trạng thái
bar-count = Số việc
bar-share = Tỷ lệ
chart-table = Xem bảng số liệu
map-desc = Sơ đồ ô: mỗi ô là một tỉnh, thành phố; có đặc khu Hoàng Sa (Đà Nẵng) và đặc khu Trường Sa (Khánh Hòa). Số liệu từng ô ghi trong bảng bên dưới.
map-province = Tỉnh, thành phố
map-counted-with = tính trong số liệu của tỉnh, thành phố

# Biểu mẫu
field-required = (bắt buộc)
field-day-hint = Ví dụ: 21/6/2019, tháng 10/2019, quý III/2019 hoặc 2021
form-errors-title = { $n ->
   *[other] Có { $n } chỗ cần sửa
  }
group-add = Thêm dòng
group-remove = Bỏ dòng này
citation-label = Trích dẫn
citation-copy = Sao chép
citation-copied = Đã sao chép

# Trang báo lỗi
error-home = Về trang chủ
error-request = Mã lỗi: { $code } · Mã yêu cầu: { $id }
error-400-title = Yêu cầu chưa đúng
error-400-what = Máy chủ không hiểu yêu cầu vừa gửi.
error-400-do = Hãy kiểm tra lại đường dẫn hoặc nội dung đã nhập rồi thử lại.
error-401-title = Cần đăng nhập
error-401-what = Trang này dành cho người đã đăng nhập, hoặc phiên làm việc đã hết hạn.
error-401-do = Hãy đăng nhập rồi mở lại trang; nội dung chưa gửi thì chưa được lưu.
error-403-title = Không có quyền
error-403-what = Tài khoản của anh/chị không được thực hiện việc này.
error-403-do = Nếu cần, hãy đề nghị quản trị viên của cơ quan cấp quyền.
error-404-title = Không tìm thấy trang
error-404-what = Đường dẫn không đúng, nội dung không còn, hoặc anh/chị chưa được xem nội dung này.
error-404-do = Hãy kiểm tra lại đường dẫn, tìm theo từ khóa, hoặc đăng nhập rồi thử lại.
error-405-title = Thao tác không phù hợp
error-405-what = Địa chỉ này không nhận thao tác vừa gửi.
error-405-do = Hãy quay lại trang trước và dùng các nút trên trang.
error-409-title = Bản ghi vừa được người khác sửa
error-409-what = Trong lúc anh/chị soạn, bản ghi đã có phiên bản mới; chưa lưu gì.
error-409-do = Hãy mở lại bản ghi, xem thay đổi rồi sửa tiếp.
error-413-title = Nội dung quá lớn
error-413-what = Nội dung gửi lên vượt quá mức cho phép nên không được nhận; chưa lưu gì.
error-413-do = Hãy chia nhỏ tệp hoặc bỏ bớt ảnh rồi gửi lại.
error-415-title = Kiểu nội dung không được nhận
error-415-what = Địa chỉ này không nhận kiểu nội dung vừa gửi.
error-415-do = Hãy gửi bằng biểu mẫu trên trang, hoặc xem tài liệu API.
error-422-title = Nội dung chưa hợp lệ
error-422-what = Một số ô chưa đúng; chưa lưu gì.
error-422-do = Hãy sửa các ô được đánh dấu rồi gửi lại.
error-429-title = Quá nhiều yêu cầu
error-429-what = Trong thời gian ngắn đã có quá nhiều yêu cầu từ địa chỉ hoặc tài khoản này.
error-429-do = Hãy chờ ít phút rồi thử lại.
error-500-title = Hệ thống gặp lỗi
error-500-what = Máy chủ gặp lỗi khi xử lý yêu cầu; nội dung chưa được xác nhận đã lưu thì coi như chưa lưu.
error-500-do = Hãy thử lại. Nếu vẫn lỗi, báo quản trị viên kèm mã yêu cầu dưới đây.
error-503-title = Máy chủ đang bận
error-503-what = Yêu cầu chưa xử lý xong trong thời gian cho phép.
error-503-do = Hãy chờ một lát rồi thử lại.
